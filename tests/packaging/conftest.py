"""What the tests of the package share: a checkout, what is built from it, and environments to install into.

Nothing is fetched. The packages that flakestorm and its build need are packed again, as wheels, from the
environment that runs the tests; pip and build find those and no index. So each installation is a real one,
into an environment that has nothing but what the metadata asks for.
"""

from __future__ import annotations

import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock
from packaging.requirements import Requirement
from packaging.tags import sys_tags

ROOT = Path(__file__).resolve().parents[2]
BUILD_REQUIRES = re.compile(r"^requires = \[(.*)\]$", re.MULTILINE)
KEPT_FROM_US = ("PIP_", "TWINE_", "COVERAGE_", "PYTHON", "FLAKESTORM_", "GITHUB_", "ACTIONS_")
"""Settings of the machine and of the tests that would reach into what is tested."""

Run = Callable[..., "subprocess.CompletedProcess[str]"]
Once = Callable[[str, Callable[[Path], None]], Path]


@dataclass(frozen=True)
class Built:
    """The two files that are published."""

    wheel: Path
    sdist: Path


@dataclass(frozen=True)
class Environment:
    """A virtual environment with the package in it, installed from ``artefact``."""

    folder: Path
    artefact: Path

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.folder / "bin" / "python"

    @property
    def program(self) -> Path:
        """Its ``flakestorm``."""
        return self.folder / "bin" / "flakestorm"

    @property
    def package(self) -> Path:
        """The folder of the installed package."""
        return next(self.folder.glob("lib/python*/site-packages/flakestorm"))


@pytest.fixture(scope="session")
def root() -> Path:
    """The folder of the repository."""
    return ROOT


@pytest.fixture(scope="session")
def once(tmp_path_factory: pytest.TempPathFactory) -> Once:
    """Fills a folder once for all xdist workers; whoever comes later waits for it."""
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent

    def folder_of(name: str, fill: Callable[[Path], None]) -> Path:
        folder, made = shared / f"packaging-{name}", shared / f"packaging-{name}.made"
        with FileLock(f"{folder}.lock"):
            if not made.exists():
                shutil.rmtree(folder, ignore_errors=True)
                folder.mkdir()
                fill(folder)
                made.touch()
        return folder

    return folder_of


@pytest.fixture(scope="session")
def checkout(once: Once) -> Path:
    """The files that a commit of everything would hold, in a folder where nobody else changes them."""
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]

    def fill(folder: Path) -> None:
        names = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True).stdout
        for name in filter(None, names.split("\0")):
            if (ROOT / name).is_file():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / name, folder / name)

    return once("checkout", fill)


@pytest.fixture(scope="session")
def wheelhouse(once: Once) -> Path:
    """Wheels of all that flakestorm requires without extras, and of what its build requires."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    build = BUILD_REQUIRES.search(text)
    assert build, "pyproject.toml says in one line what the build requires"
    needed = {"flakestorm"}
    for requirement in re.findall(r'"([^"]+)"', build[1]):
        _add_closure(requirement, needed)
    declared = re.search(r"^dependencies = \[(.*?)^\]", text, re.MULTILINE | re.DOTALL)
    assert declared, "pyproject.toml lists the dependencies"
    for requirement in re.findall(r'"([^"]+)"', declared[1]):
        _add_closure(requirement, needed)

    def fill(folder: Path) -> None:
        for name in sorted(needed - {"flakestorm"}):
            _pack(importlib.metadata.distribution(name), folder)

    return once("wheelhouse", fill)


def _add_closure(requirement: str, found: set[str]) -> None:
    """Add the package that is required and, without extras, all that it requires in turn."""
    wanted = Requirement(requirement)
    name = re.sub(r"[-_.]+", "-", wanted.name).lower()
    applies = wanted.marker is None or wanted.marker.evaluate({"extra": ""})
    if applies and name not in found:
        found.add(name)
        for further in importlib.metadata.requires(name) or []:
            _add_closure(further, found)


def _pack(distribution: importlib.metadata.Distribution, folder: Path) -> None:
    """Write the wheel that ``distribution`` was installed from, as far as it lies in site-packages."""
    tags = re.findall(r"^Tag: (.+)$", distribution.read_text("WHEEL") or "", re.MULTILINE)
    tag = next(str(tag) for tag in sys_tags() if str(tag) in tags)
    name = f"{distribution.metadata['Name'].replace('-', '_')}-{distribution.version}-{tag}.whl"
    with zipfile.ZipFile(folder / name, "w") as wheel:
        for file in distribution.files or []:
            if ".." not in file.parts and "__pycache__" not in file.parts and file.name != "INSTALLER":
                wheel.write(str(file.locate()), file.as_posix())


@pytest.fixture(scope="session")
def run(wheelhouse: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Runs a program without the machine's settings, but with the wheelhouse.

    ``expect`` is its exit code, ``said`` is what it reads, and what else is named goes into its environment.
    """
    home = tmp_path_factory.mktemp("home")
    kept = {key: value for key, value in os.environ.items() if not key.startswith(KEPT_FROM_US)}
    own = {
        "HOME": str(home),
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_FIND_LINKS": str(wheelhouse),
        "PIP_NO_CACHE_DIR": "1",
        "PIP_NO_COMPILE": "1",
        "PIP_NO_INDEX": "1",
        "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
        "NO_COLOR": "1",
        "COLUMNS": "200",
    }

    def run(
        *words: Any, cwd: Path, expect: int = 0, said: str = "", **more: str
    ) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [str(word) for word in words],
            cwd=cwd,
            env={**kept, **own, **more},
            input=said,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=900,
            check=False,
        )
        assert done.returncode == expect, (
            f"{words} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}"
        )
        return done

    return run


@pytest.fixture(scope="session")
def built(once: Once, run: Run, checkout: Path) -> Built:
    """What ``python -m build`` makes: the sdist, and from it the wheel, each in an environment of its own."""
    folder = once(
        "dist", lambda folder: run(sys.executable, "-m", "build", "-o", folder, cwd=checkout) and None
    )
    return Built(next(folder.glob("*.whl")), next(folder.glob("*.tar.gz")))


@pytest.fixture(scope="session", params=["wheel", "sdist"])
def installed(request: pytest.FixtureRequest, once: Once, run: Run, built: Built) -> Environment:
    """A clean environment into which pip has installed the wheel or the sdist."""
    artefact: Path = getattr(built, request.param)

    def fill(folder: Path) -> None:
        run(sys.executable, "-m", "virtualenv", "--quiet", folder, cwd=folder)
        run(folder / "bin" / "python", "-m", "pip", "install", artefact, cwd=folder)

    return Environment(once(f"venv-{request.param}", fill), artefact)


@dataclass(frozen=True)
class Index:
    """A package index on this machine. Uploads need the user ``__token__`` and the ``token``."""

    address: str
    token: str
    files: Path

    @property
    def simple(self) -> str:
        """Where pip looks."""
        return f"{self.address}simple/"


@pytest.fixture
def serve_index(tmp_path: Path) -> Iterator[Callable[[str, Path], Index]]:
    """Starts an index that serves a folder, and stops it after the test."""
    servers: list[subprocess.Popen[str]] = []

    def serve(token: str, folder: Path) -> Index:
        words = [sys.executable, str(Path(__file__).with_name("index_server.py")), token, str(folder)]
        with (tmp_path / f"{token}.log").open("w", encoding="utf-8") as log:
            server = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=log, text=True)
        servers.append(server)
        assert server.stdout
        port = server.stdout.readline().strip()
        assert port, (tmp_path / f"{token}.log").read_text(encoding="utf-8")
        return Index(f"http://127.0.0.1:{port}/", token, folder)

    yield serve
    for server in servers:
        server.terminate()
        server.communicate(timeout=30)
