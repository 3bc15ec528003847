"""The branch and the commit of a working folder, from Git's files alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from flakestorm.core.checkout import Checkout, checkout_of

COMMIT = "4f2a" * 10


def repository(folder: Path, head: str, **files: str) -> Path:
    """A folder with as much of a repository as is read; names of ``files`` have ``__`` for a slash."""
    (folder / ".git").mkdir(parents=True)
    (folder / ".git/HEAD").write_text(head + "\n")
    for name, text in files.items():
        path = folder / ".git" / name.replace("__", "/").replace("packed_refs", "packed-refs")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n")
    return folder


def test_branch_and_commit(tmp_path: Path) -> None:
    """Also from a folder far below, and with a slash in the branch's name."""
    here = repository(tmp_path, "ref: refs/heads/fix/it", refs__heads__fix__it=COMMIT)
    (here / "a/b").mkdir(parents=True)
    assert checkout_of(here / "a/b", {}) == Checkout("fix/it", COMMIT)


def test_packed_commit(tmp_path: Path) -> None:
    """After ``git gc`` the commit is in a table; that of another branch is not taken."""
    table = f"# pack-refs with: peeled\n{'0' * 40} refs/heads/main2\n{COMMIT} refs/heads/main\n"
    assert checkout_of(repository(tmp_path, "ref: refs/heads/main", packed_refs=table), {}) == Checkout(
        "main", COMMIT
    )


@pytest.mark.parametrize("files", [{}, {"packed_refs": f"{COMMIT} refs/heads/other"}])
def test_branch_without_commits(tmp_path: Path, files: dict[str, str]) -> None:
    """A new repository has a branch and nothing on it."""
    assert checkout_of(repository(tmp_path, "ref: refs/heads/main", **files), {}) == Checkout("main", "")


def test_bare_commit_asks_the_ci(tmp_path: Path) -> None:
    """Where no branch is checked out, the CI's variable names it; a pull request's own branch comes first."""
    here = repository(tmp_path, COMMIT)
    assert checkout_of(here, {}) == Checkout("", COMMIT)
    assert checkout_of(here, {"CI_COMMIT_REF_NAME": "dev"}) == Checkout("dev", COMMIT)
    github = {"GITHUB_REF_NAME": "7/merge", "GITHUB_HEAD_REF": "fix"}
    assert checkout_of(here, github) == Checkout("fix", COMMIT)


def test_further_working_tree(tmp_path: Path) -> None:
    """``.git`` is a file there; its own HEAD counts, and the commits are where the repository is."""
    main = repository(tmp_path / "main", "ref: refs/heads/main", refs__heads__side=COMMIT)
    own = main / ".git/worktrees/side"
    own.mkdir(parents=True)
    (own / "HEAD").write_text("ref: refs/heads/side\n")
    (own / "commondir").write_text("../..\n")
    (tmp_path / "side").mkdir()
    (tmp_path / "side/.git").write_text(f"gitdir: {own}\n")
    assert checkout_of(tmp_path / "side", {}) == Checkout("side", COMMIT)


def test_no_repository_and_a_damaged_one(tmp_path: Path) -> None:
    """Nothing is known, and nothing is raised; without Git a CI's variable says nothing about the folder."""
    # The folder of the tests may lie in a repository itself, so one without HEAD stands in the way.
    (tmp_path / ".git").mkdir()
    assert checkout_of(tmp_path, {"CI_COMMIT_REF_NAME": "dev"}) == Checkout()
    (tmp_path / ".git/HEAD").write_bytes(b"\xff\xfe\x00")
    assert checkout_of(tmp_path, {}) == Checkout()
    assert checkout_of(Path(tmp_path.anchor), {"CI_COMMIT_REF_NAME": "dev"}) == Checkout()
