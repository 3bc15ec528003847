"""Both packages installed together from an index: the extension is used, or it is said why not."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow

CHOICE = "from flakestorm import native; print(native.choice())"
CARGO = shutil.which("cargo", path=f"{os.environ.get('PATH', '')}:{Path.home() / '.cargo' / 'bin'}")


@pytest.fixture(scope="session")
def extension(once: Any, checkout: Path, root: Path) -> Path:
    """The extension's wheel, as rust-publish builds it; it is fetched for nothing else, so crates may be."""
    if CARGO is None:
        pytest.skip("there is no cargo to build the extension with")
    if shutil.which("maturin", path=str(Path(sys.executable).parent)) is None:
        pytest.skip("maturin is not installed")
    path = f"{Path(CARGO).parent}:{os.environ['PATH']}"

    def fill(folder: Path) -> None:
        words = [sys.executable, "-m", "maturin", "build", "--release", "--out", str(folder)]
        manifest = [
            "--manifest-path",
            str(checkout / "rust" / "Cargo.toml"),
            "--target-dir",
            # Crates that are compiled already are taken from there.
            os.environ.get("CARGO_TARGET_DIR", str(root / "target")),
        ]
        done = subprocess.run(
            [*words, *manifest], env={**os.environ, "PATH": path}, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr

    return next(once("extension", fill).glob("*.whl"))


@pytest.fixture
def python(
    extension: Path,
    built: Any,
    wheelhouse: Path,
    serve_index: Callable[[str, Path], Any],
    run: Any,
    tmp_path: Path,
) -> Path:
    """The interpreter of a clean environment into which pip has installed both from an index."""
    files = tmp_path / "index"
    shutil.copytree(wheelhouse, files)
    shutil.copy(built.wheel, files)
    shutil.copy(extension, files)
    index = serve_index("a-token", files)
    run(sys.executable, "-m", "virtualenv", "--quiet", "both", cwd=tmp_path)
    python = tmp_path / "both" / "bin" / "python"
    words = ("-m", "pip", "install", "--index-url", index.simple, "flakestorm", "flakestorm_rust")
    run(python, *words, cwd=tmp_path, PIP_NO_INDEX="0", PIP_FIND_LINKS="")
    return python


def test_the_extension_is_used_unless_it_is_forbidden(python: Path, run: Any, tmp_path: Path) -> None:
    """Installed beside the package it is the choice; the switch brings Python's twins back."""
    assert "extension=<module 'flakestorm_rust'" in run(python, "-c", CHOICE, cwd=tmp_path).stdout
    forced = run(python, "-c", CHOICE, cwd=tmp_path, FLAKESTORM_NO_NATIVE="1").stdout
    assert "extension=None" in forced
    assert "FLAKESTORM_NO_NATIVE is set" in forced


def test_an_extension_of_another_version_is_ignored(python: Path, run: Any, tmp_path: Path) -> None:
    """With a warning that names both versions and what to do."""
    package = next((tmp_path / "both").glob("lib/python*/site-packages/flakestorm"))
    version = package / "version.py"
    text = version.read_text(encoding="utf-8")
    version.write_text(re.sub(r'"\d+\.\d+\.\d+\w*"', '"99.0.0"', text), encoding="utf-8")
    done = run(python, "-c", CHOICE, cwd=tmp_path)
    assert "extension=None" in done.stdout
    assert "UnusedExtension" in done.stderr
    assert "99.0.0" in done.stderr


def test_a_wheel_for_another_platform_is_refused(
    extension: Path, run: Any, tmp_path: Path, root: Path
) -> None:
    """By pip, in the words that the page on publishing explains; and so is a Python that is too old."""
    stem = "-".join(extension.name.split("-")[:2])
    foreign = tmp_path / f"{stem}-cp310-abi3-win_amd64.whl"
    shutil.copy(extension, foreign)
    pip = (sys.executable, "-m", "pip")
    refused = run(*pip, "install", "--dry-run", foreign, cwd=tmp_path, expect=1)
    assert "is not a supported wheel on this platform" in refused.stderr
    page = (root / "docs" / "PUBLISHING.md").read_text(encoding="utf-8")
    assert "is not a supported wheel on this platform" in page
    with zipfile.ZipFile(extension) as wheel:
        metadata = next(name for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))
        assert b"Requires-Python: >=3.10" in wheel.read(metadata)
