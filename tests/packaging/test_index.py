"""Uploading to an index and installing from it, against indexes on this machine."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow

TWINE = (sys.executable, "-m", "twine", "upload", "--non-interactive", "--disable-progress-bar")


@pytest.fixture
def test_index(serve_index: Callable[[str, Path], Any], tmp_path: Path) -> Any:
    """An index with nothing in it yet."""
    (tmp_path / "test-index").mkdir()
    return serve_index("pypi-test-token", tmp_path / "test-index")


@pytest.fixture
def upload(test_index: Any, built: Any, run: Any, tmp_path: Path) -> Callable[..., str]:
    """Uploads both files to the index and gives back all that twine says."""

    def upload(*options: str, expect: int = 0, password: str = test_index.token) -> str:
        words = (*TWINE, "--repository-url", test_index.address, *options, built.wheel, built.sdist)
        secret = {"TWINE_USERNAME": "__token__", "TWINE_PASSWORD": password}
        done = run(*words, cwd=tmp_path, expect=expect, **secret)
        return str(done.stdout + done.stderr)

    return upload


def test_pip_finds_what_is_uploaded(
    upload: Any, test_index: Any, serve_index: Any, wheelhouse: Path, run: Any, tmp_path: Path
) -> None:
    """flakestorm comes from the test index, its dependencies from the main one, as PUBLISHING.md says."""
    upload()
    main_index = serve_index("main-token", wheelhouse)
    run(sys.executable, "-m", "virtualenv", "--quiet", "try", cwd=tmp_path)
    pip = (tmp_path / "try" / "bin" / "python", "-m", "pip", "install", "--index-url", test_index.simple)
    alone = {"PIP_NO_INDEX": "0", "PIP_FIND_LINKS": ""}
    plan = tmp_path / "plan.json"
    both = ("--extra-index-url", main_index.simple, "--dry-run", "--report", plan, "flakestorm")
    run(*pip, *both, cwd=tmp_path, **alone)
    chosen = json.loads(plan.read_text(encoding="utf-8"))["install"]
    come_from = {item["metadata"]["name"]: item["download_info"]["url"] for item in chosen}
    assert come_from.pop("flakestorm").startswith(test_index.address)
    assert {"pydantic", "typer", "numpy"} <= {name.lower() for name in come_from}
    assert all(url.startswith(main_index.address) for url in come_from.values())

    refused = run(*pip, "flakestorm", cwd=tmp_path, expect=1, **alone)
    assert "No matching distribution found" in refused.stderr, "the test index has no dependencies"


def test_a_version_is_uploaded_once(upload: Any, test_index: Any) -> None:
    """What an index has it keeps: a second upload of the same version fails and changes nothing."""
    upload()
    before = {path.name: path.stat().st_mtime_ns for path in test_index.files.iterdir()}
    assert re.search(r"HTTPError: 4\d\d", upload(expect=1))
    assert {path.name: path.stat().st_mtime_ns for path in test_index.files.iterdir()} == before


def test_a_wrong_token_uploads_nothing(upload: Any, test_index: Any) -> None:
    """And neither twine nor the index repeats the token."""
    told = upload(expect=1, password="not-the-token")
    assert "403 Forbidden" in told
    assert "not-the-token" not in told
    assert list(test_index.files.iterdir()) == []
