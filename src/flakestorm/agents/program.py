"""Is there such a program? Asked before a run: a typing error must not cost a thousand trials."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path

from flakestorm.model.errors import AgentUnreachable
from flakestorm.model.nearest import did_you_mean


def check_program(program: str, folder: str, env: Mapping[str, str], key: str) -> None:
    """Raise ``AgentUnreachable`` unless ``program`` can be started in ``folder`` with ``env`` added.

    ``key`` is the section of the configuration that messages blame, such as ``agent``.
    """
    directory = Path(folder)
    if not directory.is_dir():
        raise AgentUnreachable(
            f"{key}.cwd: there is no directory {directory.resolve()}. "
            "A relative path starts at the folder of the configuration file."
        )
    if os.sep in program:
        _check_file(directory / program, key)
    else:
        _check_on_path(program, env.get("PATH") or os.environ.get("PATH") or os.defpath, key)


def _check_file(path: Path, key: str) -> None:
    if not path.is_file():
        near = did_you_mean(path.name, _names([path.parent])) or "."
        raise AgentUnreachable(f"{key}.command: there is no program {path}{near}")
    if not os.access(path, os.X_OK):
        raise AgentUnreachable(f"{key}.command: {path} is not executable. Run: chmod +x {path}")


def _check_on_path(program: str, search_path: str, key: str) -> None:
    if shutil.which(program, path=search_path) is None:
        folders = [Path(folder) for folder in search_path.split(os.pathsep) if folder]
        near = did_you_mean(program, _names(folders)) or "."
        raise AgentUnreachable(
            f"{key}.command: there is no program '{program}' on the PATH{near} Install it, or write where "
            f"it is, e.g. ./{program}"
        )


def _names(folders: Iterable[Path]) -> set[str]:
    return {file.name for folder in folders if folder.is_dir() for file in folder.iterdir()}
