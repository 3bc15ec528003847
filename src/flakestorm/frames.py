"""How flakestorm and the processes that work for it talk: pickled values, each behind its length.

Both ends are flakestorm itself, on one machine and in one installation, so that pickle is safe here and
much faster than a format for strangers.
"""

from __future__ import annotations

import asyncio
import pickle
import sys
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO

LENGTH_BYTES = 4

TOGETHER = 4
"""At most so many values in a frame: the other end starts on them while this one has more to do. With all of
a turn of the event loop in one, the two would wait for each other in turn."""


def worker(module: str) -> list[str]:
    """The command that runs flakestorm's ``module`` in a process of its own.

    A `random.py` in the current folder is none of its business; `-m` alone would prefer it to Python's.
    """
    safe = ["-P"] if sys.version_info >= (3, 11) else []
    return [sys.executable, *safe, "-m", module]


def frame(value: object) -> bytes:
    """``value`` as bytes."""
    body = pickle.dumps(value, pickle.HIGHEST_PROTOCOL)
    return len(body).to_bytes(LENGTH_BYTES, "big") + body


def read_frame(source: BinaryIO) -> Any:
    """The value that comes next from ``source``; nothing is read of what follows it.

    Raises ``EOFError`` where it ends too early.
    """
    return pickle.loads(_exactly(source, int.from_bytes(_exactly(source, LENGTH_BYTES), "big")))  # noqa: S301 - see the top of the file


def _exactly(source: BinaryIO, size: int) -> bytes:
    """A pipe gives what it has, which may be less than is asked for."""
    got = bytearray()
    while len(got) < size:
        piece = source.read(size - len(got))
        if not piece:
            raise EOFError(f"{len(got)} of {size} bytes")
        got += piece
    return bytes(got)


class Frames:
    """Puts what arrives in pieces together again."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[Any]:
        """What is complete now."""
        buffer = self._buffer
        buffer += data
        while len(buffer) >= LENGTH_BYTES:
            end = LENGTH_BYTES + int.from_bytes(buffer[:LENGTH_BYTES], "big")
            if len(buffer) < end:
                return
            whole = bytes(buffer[LENGTH_BYTES:end])
            del buffer[:end]
            yield pickle.loads(whole)  # noqa: S301 - see the top of the file


class Outbox:
    """Values for the other end, in frames of a few: lists that ``write`` gets as bytes.

    What is put in leaves in the same turn of the event loop that it belongs to.
    """

    def __init__(self, write: Callable[[bytes], object]) -> None:
        self._write = write
        self._values: list[Any] = []
        self._loop = asyncio.get_running_loop()

    def put(self, value: Any) -> None:
        """Send ``value`` soon."""
        if not self._values:
            self._loop.call_soon(self._flush)
        self._values.append(value)
        if len(self._values) == TOGETHER:
            self._flush()

    def _flush(self) -> None:
        if self._values:
            self._write(frame(self._values))
            self._values.clear()
