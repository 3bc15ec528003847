"""A release: one version everywhere, made by one command, and PUBLISHING.md tells how to make it."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from flakestorm import __version__
from flakestorm.version import __version__ as written

NEXT = re.sub(r"^(\d+)\.(\d+)\..*$", lambda found: f"{found[1]}.{int(found[2]) + 1}.0", __version__)
AUTHOR = {
    f"GIT_{role}_{what}": value
    for role in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "A Maintainer"), ("EMAIL", "maintainer@example.com"))
}
FILES = ("src/flakestorm/version.py", "rust/Cargo.toml", "pyproject.toml", "CHANGELOG.md", "README.md")
CRATED = re.compile(r'^version = "([^"]+)"$', re.MULTILINE)

Git = Callable[..., str]


@pytest.fixture
def git(run: Any) -> Git:
    """Runs git in a folder and gives back what it prints."""
    return lambda folder, *words: run("git", *words, cwd=folder, **AUTHOR).stdout.strip()


@pytest.fixture
def project(root: Path, tmp_path: Path, git: Git) -> Path:
    """A repository with the files that a release changes, and an unreleased section in its changelog."""
    folder = tmp_path / "project"
    for name in FILES:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(root / name, folder / name)
    _begin_changes(folder)
    git(folder, "init", "--quiet", "--initial-branch", "main")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "--message", "What is to be released")
    return folder


@pytest.fixture
def release(root: Path, project: Path, run: Any) -> Callable[..., str]:
    """Releases a version of the project and gives back what is said, on standard error as well."""

    def release(version: str, expect: int = 0) -> str:
        words = (sys.executable, root / "tools" / "release.py", version)
        done = run(*words, cwd=project, expect=expect, **AUTHOR)
        return str(done.stdout + done.stderr)

    return release


def _begin_changes(folder: Path) -> None:
    """What PUBLISHING.md asks for before a release."""
    path = folder / "CHANGELOG.md"
    text = path.read_text(encoding="utf-8").replace(" – unreleased", " – 2026-01-01")
    path.write_text(text.replace("\n## [", "\n## [Unreleased]\n\n- Better.\n\n## [", 1), encoding="utf-8")


def test_every_text_has_the_version(root: Path) -> None:
    """The changelog's latest section, the README and the crate have the version that the program says."""
    changelog = (root / "CHANGELOG.md").read_text(encoding="utf-8")
    latest = re.search(r"^## \[(?!Unreleased)([^\]]+)\]", changelog, re.MULTILINE)
    told = re.search(r"\bVersion (\d+\.\d+\.\d+\w*)", (root / "README.md").read_text(encoding="utf-8"))
    crate = CRATED.search((root / "rust" / "Cargo.toml").read_text(encoding="utf-8"))
    pinned = re.search(r'"flakestorm-rust==([^"]+)"', (root / "pyproject.toml").read_text(encoding="utf-8"))
    assert latest
    assert told
    assert crate
    assert pinned
    assert {latest[1], told[1], crate[1].replace("-", ""), pinned[1], written} == {__version__}


def test_the_version_is_written_once(root: Path) -> None:
    """Nothing else in the code or the build says it."""
    files = [root / "pyproject.toml", *(root / "src").rglob("*.py")]
    having = [path.name for path in files if f'"{__version__}"' in path.read_text(encoding="utf-8")]
    assert having == ["version.py"]


def test_a_release_changes_everything_together(release: Any, project: Path, git: Git) -> None:
    """One commit of five files, with the tag on it."""
    assert f"v{NEXT}" in release(NEXT)
    assert f'__version__ = "{NEXT}"' in (project / FILES[0]).read_text(encoding="utf-8")
    assert f'\nversion = "{NEXT}"\n' in (project / FILES[1]).read_text(encoding="utf-8")
    assert f'"flakestorm-rust=={NEXT}"' in (project / FILES[2]).read_text(encoding="utf-8")
    changelog = (project / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.search(rf"^## \[{re.escape(NEXT)}\] – \d{{4}}-\d\d-\d\d\n\n- Better\.", changelog, re.MULTILINE)
    assert "nreleased" not in changelog.partition("\n## [")[2].partition("\n")[0]
    assert f"Version {NEXT}" in (project / "README.md").read_text(encoding="utf-8")
    assert git(project, "status", "--porcelain") == ""
    assert git(project, "rev-parse", f"v{NEXT}^{{commit}}") == git(project, "rev-parse", "HEAD")
    assert set(git(project, "show", "--name-only", "--format=", "HEAD").split()) == set(FILES)


def test_a_candidate_and_then_the_version(release: Any, project: Path, git: Git) -> None:
    """3.1.0 is newer than its candidate 3.1.0rc1."""
    release(f"{NEXT}rc1")
    assert f'\nversion = "{NEXT}-rc1"\n' in (project / FILES[1]).read_text(encoding="utf-8")
    _begin_changes(project)
    git(project, "commit", "--quiet", "--all", "--message", "Mend what the candidate showed")
    release(NEXT)
    assert git(project, "tag").split() == [f"v{NEXT}", f"v{NEXT}rc1"]


@pytest.mark.parametrize("version", ["3.1", "v3.1.0", "3.1.0-beta", "03.1.0", "latest", ""])
def test_what_is_no_version_is_refused(release: Any, version: str) -> None:
    """And the forms that are accepted are said."""
    told = release(version, expect=1)
    assert f"'{version}' is no version" in told
    assert "MAJOR.MINOR.PATCH" in told


def test_nothing_is_changed_by_a_refusal(release: Any, project: Path, git: Git) -> None:
    """An older version, a tag that exists, work that is not committed, an empty or a missing section."""
    assert "is older than" in release("0.0.1", expect=1)
    git(project, "tag", f"v{NEXT}")
    assert "cannot be replaced" in release(NEXT, expect=1)
    git(project, "tag", "--delete", f"v{NEXT}")

    changelog = project / "CHANGELOG.md"
    text = changelog.read_text(encoding="utf-8")
    for change, told in (
        (text + "\n", "not committed"),
        (text.replace("- Better.\n", ""), "is empty"),
        (text.replace("[Unreleased]", "[99.0.0] – unreleased"), "prepares 99.0.0"),
        (text.replace("## [Unreleased]", "## [1.0.0]"), "has no section"),
    ):
        changelog.write_text(change, encoding="utf-8")
        if told != "not committed":
            git(project, "commit", "--quiet", "--all", "--message", "Another changelog")
        before = git(project, "rev-parse", "HEAD")
        assert told in release(NEXT, expect=1)
        assert git(project, "rev-parse", "HEAD") == before
        assert git(project, "tag") == ""
        assert changelog.read_text(encoding="utf-8") == change


@pytest.mark.slow
def test_the_page_on_publishing_does_what_it_says(
    root: Path, checkout: Path, serve_index: Any, run: Any, git: Git, tmp_path: Path
) -> None:
    """Every command of PUBLISHING.md, in its order, as it stands there, from a clone to two indexes."""
    clone = _clone(checkout, git, tmp_path)
    indexes = {}
    for name in ("testpypi", "pypi"):
        (tmp_path / name).mkdir()
        indexes[name] = serve_index("a-token", tmp_path / name)
    (tmp_path / "home").mkdir()
    sections = [f"[{name}]\nrepository = {index.address}\n" for name, index in indexes.items()]
    known = "[distutils]\nindex-servers =\n    testpypi\n    pypi\n"
    (tmp_path / "home" / ".pypirc").write_text(known + "".join(sections))

    page = (root / "docs" / "PUBLISHING.md").read_text(encoding="utf-8").replace("3.1.0", NEXT)
    blocks = re.findall(r"^```shell\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    commands = [line.removeprefix("$ ") for block in blocks for line in block.splitlines()]
    settings = {
        "HOME": str(tmp_path / "home"),
        "PATH": f"{clone / '.venv' / 'bin'}:/usr/local/bin:/usr/bin:/bin",
        "TEST_INDEX": indexes["testpypi"].simple,
        "INDEX": indexes["pypi"].simple,
    }
    shell = ("bash", "-eu", "-c", "\n".join(_alone(command) for command in commands))
    done = run(*shell, cwd=clone, said="a-token\n", **settings, **AUTHOR)

    said = re.findall(r"^flakestorm (\S+)$", done.stdout, re.MULTILINE)
    assert said == [__version__, NEXT], "the trial before the release, and what came from the test index"
    published = {f"flakestorm-{NEXT}-py3-none-any.whl", f"flakestorm-{NEXT}.tar.gz"}
    for index in indexes.values():
        assert {file.name for file in index.files.iterdir()} == published
    assert git(tmp_path / "origin.git", "tag") == f"v{NEXT}"


def _alone(command: str) -> str:
    """Without dependencies, which other tests see to, and from an index only where the command names one."""
    if "pip install" not in command:
        return command
    from_index = "PIP_NO_INDEX=0 PIP_FIND_LINKS= " if "--index-url" in command else ""
    return f"PIP_NO_DEPS=1 {from_index}{command}"


def _clone(checkout: Path, git: Git, folder: Path) -> Path:
    """A clone of all that is here, with an unreleased section and the environment that runs the tests."""
    work, clone = folder / "work", folder / "clone"
    shutil.copytree(checkout, work)
    _begin_changes(work)
    git(work, "init", "--quiet", "--initial-branch", "main")
    git(work, "add", ".")
    git(work, "commit", "--quiet", "--message", "Everything")
    git(folder, "clone", "--quiet", "--bare", work, folder / "origin.git")
    git(folder, "clone", "--quiet", folder / "origin.git", clone)
    (clone / ".venv").mkdir()
    for part in ("bin", "lib", "pyvenv.cfg"):
        (clone / ".venv" / part).symlink_to(Path(sys.prefix) / part)
    (clone / ".venv" / ".installed").touch()
    return clone
