"""The last lines that a process wrote: enough to say why it died, however much it writes."""

from __future__ import annotations

from collections import deque

LINES = 200
WIDTH = 2000


class RecentLines:
    """Keeps the last ``lines`` lines, each cut to ``width`` characters."""

    def __init__(self, lines: int = LINES, width: int = WIDTH) -> None:
        self._lines: deque[bytes] = deque(maxlen=lines)
        self._width = width
        self._rest = b""

    def add(self, _fd: int, data: bytes) -> None:
        """Take a piece of output; it may begin and end inside a line."""
        *complete, rest = (self._rest + data).split(b"\n")
        self._lines.extend(line[: self._width] for line in complete)
        self._rest = rest[: self._width]

    def text(self, lines: int = LINES) -> str:
        """The last ``lines`` lines; what is not UTF-8 in them is replaced."""
        kept = [*self._lines, *([self._rest] if self._rest else [])]
        return b"\n".join(kept[-lines:]).decode("utf-8", "replace").strip()
