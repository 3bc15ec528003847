"""What was recorded so far, beside the cassette: a run that is killed loses none of it."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from threading import Lock

from flakestorm.model.errors import UsageError
from flakestorm.replay.cassette_file import Head, head_line, line_of, read_cassette
from flakestorm.replay.recorded_call import Entry


class Journal:
    """The calls of a recording that goes on, each written as it ends; removed when the cassette is written.

    It is a cassette itself, named as the one at ``cassette`` with ``.part`` at its end. What a recording that
    was killed left there is ``left``. Safe to use from several threads.
    """

    def __init__(self, cassette: Path, head: Head) -> None:
        self.path = cassette.parent / f"{cassette.name}.part"
        self._head = head
        self._lock = Lock()
        self._file: int | None = None

    def left(self) -> tuple[Entry, ...]:
        """What an earlier recording left; of each call the last answer. A line that was cut off is none."""
        try:
            entries = read_cassette(self.path, cut_off=True).entries
        except UsageError:
            return ()
        return tuple({entry.place: entry for entry in entries}.values())

    def add(self, entry: Entry) -> None:
        """Write ``entry``. Where that is impossible, the end of the run says so."""
        with self._lock, suppress(OSError):
            if self._file is None:
                self._file = self._opened()
            os.write(self._file, line_of(entry))

    def remove(self) -> None:
        """It is in the cassette now."""
        with self._lock, suppress(OSError):
            if self._file is not None:
                os.close(self._file)
                self._file = None
            self.path.unlink(missing_ok=True)

    def _opened(self) -> int:
        file = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        # A line that was cut off ends here.
        os.write(file, b"\n" if os.fstat(file).st_size else head_line(self._head))
        return file
