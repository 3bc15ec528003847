"""How flakestorm and the processes that work for it talk: pickled values, each behind its length.

Both ends are flakestorm itself, on one machine and in one installation, so that pickle is safe here and
much faster than a format for strangers.
"""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from typing import Any, BinaryIO

LENGTH_BYTES = 4


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
