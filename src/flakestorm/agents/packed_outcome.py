"""What flakestorm and its sender processes tell each other, as small as it can be made."""

from __future__ import annotations

from typing import Any

from flakestorm.model.outcome import Outcome

Message = tuple[Any, ...]
"""To the sender: (number, turns, trial id), or (number,) to give that request up. Back: (number, outcome)
as ``packed`` has it; a first list without any message says that the sender is ready."""


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
