"""The folder of runs: naming, finding, listing and locking them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path

from filelock import FileLock, Timeout

from flakestorm.model.errors import StoreError, UsageError
from flakestorm.model.nearest import did_you_mean
from flakestorm.store.run_file import RunFile

ENDING = ".db"


def default_folder() -> Path:
    """``.flakestorm`` in the working folder, or what ``FLAKESTORM_HOME`` says."""
    return Path(os.environ.get("FLAKESTORM_HOME") or ".flakestorm")


class RunFolder:
    """All runs below one folder.

    Ids sort by time: ``20261122-164311-3fa9`` is a day, a second, and its fraction in units of 1/65536.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or default_folder()
        self.runs = self.folder / "runs"

    def new_path(self) -> Path:
        """A path for a new run."""
        if self.folder.exists() and not self.folder.is_dir():
            raise StoreError(
                f"{self.folder} is a file, and flakestorm keeps its runs in a folder of that name. "
                "Move it away, or set FLAKESTORM_HOME to another folder."
            )
        now = datetime.now(timezone.utc)
        # Of two runs in one second, too, it must be clear which is the latest.
        fraction = now.microsecond * 0x10000 // 1_000_000
        return self.runs / f"{now:%Y%m%d-%H%M%S}-{fraction:04x}{ENDING}"

    def ids(self) -> list[str]:
        """All run ids, the oldest first."""
        if not self.runs.is_dir():
            return []
        return sorted(path.stem for path in self.runs.glob(f"*{ENDING}"))

    def find(self, wanted: str) -> Path:
        """The file of run ``wanted``: an id, the beginning of one, or ``latest``.

        Raises ``UsageError`` when there is none or more than one.
        """
        ids = self.ids()
        if not ids:
            raise UsageError(f"there are no runs in {self.runs} yet. Start one with: flakestorm run")
        if wanted in ("", "latest"):
            return self.runs / f"{ids[-1]}{ENDING}"
        matches = [id_ for id_ in ids if id_ == wanted] or [id_ for id_ in ids if id_.startswith(wanted)]
        if len(matches) != 1:
            problem = "several runs begin with" if matches else "there is no run"
            hint = f": {', '.join(matches)}" if matches else did_you_mean(wanted, ids)
            raise UsageError(f"{problem} '{wanted}'{hint}. `flakestorm runs` lists all.")
        return self.runs / f"{matches[0]}{ENDING}"

    def open(self, wanted: str) -> RunFile:
        """The run that ``find`` finds."""
        return RunFile.open(self.find(wanted))


@contextmanager
def exclusive(path: Path) -> Iterator[None]:
    """Hold the run at ``path`` alone. Raises ``UsageError`` when another process is running it.

    The operating system lets go of the lock when the process ends, however it ends.
    """
    lock = FileLock(path.with_suffix(".lock"), blocking=False)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except Timeout:
        raise UsageError(
            f"run {path.stem} is going on in another process. Wait for it, or start a new run "
            "without --resume."
        ) from None
    except OSError as error:
        raise StoreError(
            f"{path.parent}: {error.strerror}. Runs are stored there: check its permissions and the free "
            "space, or set FLAKESTORM_HOME to another folder."
        ) from error
    try:
        yield
    finally:
        lock.release()
