"""How flakestorm and the processes that send for it talk: lists of messages, each behind its length.

Both ends are flakestorm itself, on one machine and in one installation, so that pickle is safe here and
much faster than a format for strangers.
"""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from typing import Any

from flakestorm.model.outcome import Outcome

LENGTH_BYTES = 4

Message = tuple[Any, ...]
"""To the sender: (number, turns, trial id), or (number,) to give that request up. Back: (number, outcome)
as ``packed`` has it; a first message without anything says that the sender is ready."""


def frame(messages: object) -> bytes:
    """``messages`` as bytes."""
    body = pickle.dumps(messages, pickle.HIGHEST_PROTOCOL)
    return len(body).to_bytes(LENGTH_BYTES, "big") + body


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


def packed(number: int, outcome: Outcome) -> Message:
    """The outcome of request ``number``; the usual kind as its bare values, which take half the time."""
    if outcome.error is None and not outcome.replies and outcome.attempts == 1:
        return (number, outcome.latency_ms, outcome.reply, outcome.first_byte_ms, outcome.status)
    return (number, outcome)


def unpacked(message: Message) -> Outcome:
    """What ``packed`` packed."""
    if len(message) == 2:
        outcome: Outcome = message[1]
        return outcome
    _, latency_ms, reply, first_byte_ms, status = message
    return Outcome(latency_ms, reply, None, first_byte_ms, status)
