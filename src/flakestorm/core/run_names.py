"""What a run may be called: an id, the beginning of one, ``latest``, or ``BRANCH@latest``."""

from __future__ import annotations

from flakestorm.core.assembly import Facts
from flakestorm.model.errors import StoreError, UsageError
from flakestorm.model.nearest import did_you_mean
from flakestorm.model.run import RunInfo
from flakestorm.store.run_file import RunFile
from flakestorm.store.runs import RunFolder

_NEWEST = "@latest"


def open_named(folder: RunFolder, wanted: str, but: str = "", whole: bool = True) -> RunFile:
    """The run ``wanted``, open. Of a branch it is the newest complete one that is not the run ``but``.

    Without ``whole`` it need not be complete. Raises ``UsageError`` when there is none.
    """
    branch = wanted.removesuffix(_NEWEST)
    if branch == wanted:
        return folder.open(wanted)
    branches: list[str] = []
    for id_ in reversed(folder.ids()):
        info = _info(folder, id_)
        if info is None:
            continue
        if info.branch == branch and (info.status == "complete" or not whole) and id_ != but:
            return folder.open(id_)
        branches.append(info.branch)
    known = sorted(set(filter(None, branches)))
    listed = f"There are runs of: {', '.join(known)}." if known else "No stored run knows its branch."
    near = did_you_mean(branch, known) or "."
    other = " other" if branch in known else ""
    complete = " complete" if whole else ""
    raise UsageError(f"there is no{other}{complete} run of the branch '{branch}'{near} {listed}")


def id_to_resume(folder: RunFolder, wanted: str) -> str:
    """The id of the run ``wanted``; of a branch, its newest one, complete or not. Raises ``UsageError``."""
    if not wanted.endswith(_NEWEST):
        return wanted
    store = open_named(folder, wanted, whole=False)
    store.close()
    return store.id


def _info(folder: RunFolder, id_: str) -> RunInfo | None:
    """The facts of a run; None when it cannot be read, which is a reason to look further."""
    try:
        store = folder.open(id_)
    except StoreError:
        return None
    try:
        return Facts.of(store).info
    except (StoreError, KeyError, TypeError, ValueError):
        return None
    finally:
        store.close()
