"""The files that are published: what is in them, what they say, and that anyone can build the same."""

from __future__ import annotations

import hashlib
import re
import sys
import tarfile
import zipfile
from email.message import Message
from email.parser import Parser
from pathlib import Path
from typing import Any

import pytest

from flakestorm import __version__

pytestmark = pytest.mark.slow

MB = 1_000_000
EXTRAS = {
    "all",
    "anthropic",
    "dev",
    "fast",
    "google",
    "langchain",
    "langsmith",
    "ollama",
    "openai",
    "semantic",
}


@pytest.fixture(scope="module")
def metadata(built: Any) -> Message:
    """The metadata in the wheel; its payload is the page of the index."""
    with zipfile.ZipFile(built.wheel) as wheel:
        text = wheel.read(f"flakestorm-{__version__}.dist-info/METADATA").decode()
    return Parser().parsestr(text)


def test_names_and_sizes(built: Any) -> None:
    """One wheel for every platform, and small."""
    assert built.wheel.name == f"flakestorm-{__version__}-py3-none-any.whl"
    assert built.sdist.name == f"flakestorm-{__version__}.tar.gz"
    assert built.wheel.stat().st_size < 6 * MB
    assert built.sdist.stat().st_size < 10 * MB


def test_the_wheel_has_the_package_and_nothing_else(built: Any, checkout: Path) -> None:
    """Every module and data file of src, the metadata, and no test."""
    with zipfile.ZipFile(built.wheel) as wheel:
        names = set(wheel.namelist())
    about = {name for name in names if name.startswith(f"flakestorm-{__version__}.dist-info/")}
    assert names - about == _files(checkout / "src")
    assert {name.rpartition("/")[2] for name in about} == {
        "METADATA",
        "WHEEL",
        "RECORD",
        "entry_points.txt",
        "LICENSE",
        "NOTICE.md",
    }


def test_the_sdist_has_what_a_build_and_its_tests_need(built: Any, checkout: Path) -> None:
    """The package, its tests, and the texts that the metadata is made of; nothing of a working copy."""
    with tarfile.open(built.sdist) as sdist:
        names = {member.name.partition("/")[2] for member in sdist if member.isfile()}
    folders = {f"{folder}/{name}" for folder in ("src", "tests") for name in _files(checkout / folder)}
    alone = {"README.md", "CHANGELOG.md", "LICENSE", "pyproject.toml", "PKG-INFO", ".gitignore"}
    assert names == folders | alone


def _files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_twine_finds_nothing_to_complain_about(built: Any, run: Any, tmp_path: Path) -> None:
    """The page renders, and warnings count."""
    words = (sys.executable, "-m", "twine", "check", "--strict", built.wheel, built.sdist)
    assert run(*words, cwd=tmp_path).stdout.count("PASSED") == 2


def test_the_metadata_is_complete(metadata: Message) -> None:
    """What the index shows beside the page, and what pip decides by."""
    assert metadata["Name"] == "flakestorm"
    assert metadata["Version"] == __version__
    assert metadata["License-Expression"] == "Apache-2.0"
    assert metadata["Requires-Python"] == ">=3.10"
    assert metadata["Summary"]
    assert metadata["Author"]
    assert metadata["Keywords"]
    assert set(metadata.get_all("Provides-Extra", [])) == EXTRAS
    classifiers = metadata.get_all("Classifier", [])
    assert "Typing :: Typed" in classifiers
    assert not [name for name in classifiers if name.startswith("License ::")], "the expression replaces them"
    labels = {url.partition(",")[0] for url in metadata.get_all("Project-URL", [])}
    assert labels == {"Homepage", "Documentation", "Changelog", "Issues"}


def test_every_extra_is_in_all(metadata: Message) -> None:
    """``flakestorm[all]`` leaves nothing out that a user can want."""
    required: dict[str, set[str]] = {}
    for line in metadata.get_all("Requires-Dist", []):
        found = re.search(r"^([\w.-]+).*extra == .(\w+).$", line)
        if found:
            required.setdefault(found[2], set()).add(found[1])
    wanted = set().union(*(required[extra] for extra in EXTRAS - {"all", "dev"}))
    assert required["all"] == wanted


def test_the_page_of_the_index_stands_alone(metadata: Message) -> None:
    """Links and images lead to the files of this version, and it ends with what the version changed."""
    page = metadata.get_payload()
    assert isinstance(page, str)
    assert metadata["Description-Content-Type"] == "text/markdown"
    targets = re.findall(r"\]\(([^)]+)\)", page)
    assert len(targets) > 10
    assert [target for target in targets if not target.startswith(("https://", "#"))] == []
    assert [target for target in targets if "/docs/" in target and f"/v{__version__}/" not in target] == []
    assert "$HFPR_VERSION" not in page
    assert "pip install flakestorm\n" in page
    assert re.search(r"^## Changes\n\n### \[" + re.escape(__version__), page, re.MULTILINE)


def test_the_same_sources_give_the_same_bytes(built: Any, run: Any, checkout: Path, tmp_path: Path) -> None:
    """In another folder, with other times, and the wheel from the sources instead of from the sdist."""
    for path in checkout.glob("src/flakestorm/*.py"):
        path.touch()
    again = tmp_path / "again"
    words = ("-m", "build", "--no-isolation", "--sdist", "--wheel", "-o", again)
    run(sys.executable, *words, cwd=checkout)
    for artefact in (built.wheel, built.sdist):
        assert _hash(again / artefact.name) == _hash(artefact), artefact.name


def test_times_are_those_of_source_date_epoch(run: Any, checkout: Path, tmp_path: Path) -> None:
    """Distributors set it; every file in the wheel has its time."""
    words = ("-m", "build", "--no-isolation", "--wheel", "-o", tmp_path)
    run(sys.executable, *words, cwd=checkout, SOURCE_DATE_EPOCH="1700000000")
    with zipfile.ZipFile(next(tmp_path.glob("*.whl"))) as wheel:
        assert {entry.date_time for entry in wheel.infolist()} == {(2023, 11, 14, 22, 13, 20)}


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
