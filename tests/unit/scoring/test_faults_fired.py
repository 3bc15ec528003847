"""Counts of faults that matched and fired, and the reason for which they held back."""

from __future__ import annotations

from flakestorm.model.outcome import Call
from flakestorm.model.run import FaultCount
from flakestorm.scoring.faults_fired import MOST_REASONS, FaultTally


def call(*fired: str, held: tuple[str, ...] = ()) -> Call:
    """A call with its faults."""
    return Call("llm", "gpt", 0.0, 1.0, 200, fired, held)


def test_calls_are_counted_not_entries() -> None:
    """Two faults of one name in one call are one; fired outweighs held back."""
    tally = FaultTally()
    tally.add([call("drift", "drift", held=("drift: probability 0.5, drawn 0.9",)), call("drift")])
    assert tally.summary() == (FaultCount("drift", 2, 2, "probability 0.5"),)


def test_most_frequent_reason_is_told() -> None:
    """Without what differs from call to call; of equals the first in the alphabet."""
    tally = FaultTally()
    tally.add(call(held=(f"slow: probability 0.5, drawn 0.{number}",)) for number in range(3))
    tally.add(call(held=(f"slow: call {number} is not among on_calls 9",)) for number in range(3))
    assert tally.summary() == (FaultCount("slow", 6, 0, "call is not among on_calls 9"),)


def test_reasons_are_bounded() -> None:
    """Reasons that are all different are counted up to a limit; the calls are all counted."""
    tally = FaultTally()
    tally.add(call(held=(f"slow: reason {number:03}",)) for number in range(10 * MOST_REASONS))
    assert tally.summary() == (FaultCount("slow", 10 * MOST_REASONS, 0, "reason 000"),)
    assert FaultTally().summary() == ()
