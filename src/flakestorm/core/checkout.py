"""Which branch and commit a run tests, read from Git's own files: a run must not need the program git."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_BRANCHES = "refs/heads/"
_CI_VARIABLES = ("GITHUB_HEAD_REF", "GITHUB_REF_NAME", "CI_COMMIT_REF_NAME", "BITBUCKET_BRANCH")
"""Where CI says the branch: it often checks out a bare commit. The first is set for pull requests alone."""


@dataclass(frozen=True, slots=True)
class Checkout:
    """``branch`` without ``refs/heads/`` and ``commit`` in hexadecimal; empty where there is none."""

    branch: str = ""
    commit: str = ""


def checkout_of(folder: Path, environ: Mapping[str, str]) -> Checkout:
    """What is checked out in ``folder``, or in the first folder above it that Git knows.

    Where no branch is checked out, the variables of CI systems in ``environ`` name it. Nothing is raised:
    that a run cannot say where it belongs is no reason not to run.
    """
    try:
        git = _git_folder(folder.resolve())
        head = "" if git is None else (git / "HEAD").read_text("utf-8").strip()
        if git is None or not head.startswith("ref: "):
            return Checkout(_branch_in_ci(environ) if head else "", head)
        name = head.removeprefix("ref: ")
        return Checkout(name.removeprefix(_BRANCHES), _commit_of(git, name))
    except (OSError, ValueError):
        return Checkout()


def _git_folder(folder: Path) -> Path | None:
    for place in (folder, *folder.parents):
        git = place / ".git"
        if git.is_dir():
            return git
        if git.is_file():
            # A further working tree and a submodule have a file that names the folder.
            return place / git.read_text("utf-8").strip().removeprefix("gitdir: ")
    return None


def _branch_in_ci(environ: Mapping[str, str]) -> str:
    return next(filter(None, (environ.get(name) for name in _CI_VARIABLES)), "")


def _commit_of(git: Path, name: str) -> str:
    """What ``name`` points to; empty for a branch without commits."""
    shared = git / "commondir"
    common = git / shared.read_text("utf-8").strip() if shared.is_file() else git
    loose = common / name
    if loose.is_file():
        return loose.read_text("utf-8").strip()
    packed = common / "packed-refs"
    if packed.is_file():
        for line in packed.read_text("utf-8").splitlines():
            commit, _, ref = line.partition(" ")
            if ref == name:
                return commit
    return ""
