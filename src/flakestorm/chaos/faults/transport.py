"""Faults of the connection: nobody there, broken, silent, slow."""

from __future__ import annotations

from flakestorm.chaos.config import Fault
from flakestorm.chaos.faults.part import Decision, Occasion, Part

HANG_MS = 60_000
"""How long a hung connection stays open by default: longer than a patient client's timeout should be."""

SLOW_MS = 5_000


def refused(fault: Fault, occasion: Occasion) -> Decision:  # noqa: ARG001 - the signature of all faults
    """As if nobody listened."""
    return Part(connection="refused")


def reset(fault: Fault, occasion: Occasion) -> Decision:  # noqa: ARG001 - the signature of all faults
    """The connection breaks before the answer."""
    return Part(connection="reset")


def timeout(fault: Fault, occasion: Occasion) -> Decision:  # noqa: ARG001 - the signature of all faults
    """Silence, and then the connection closes."""
    return Part(connection="hang", hang_ms=HANG_MS if fault.delay_ms is None else fault.delay_ms)


def slow(fault: Fault, occasion: Occasion) -> Decision:  # noqa: ARG001 - the signature of all faults
    """The answer comes late."""
    return Part(delay_ms=SLOW_MS if fault.delay_ms is None else fault.delay_ms)


def lost(fault: Fault, occasion: Occasion) -> Decision:  # noqa: ARG001 - the signature of all faults
    """The upstream does its work, and its answer never arrives."""
    return Part(lost=True)


def wrong_length(fault: Fault, occasion: Occasion) -> Decision:  # noqa: ARG001 - the signature of all faults
    """Fewer bytes than announced."""
    return Part(framing="wrong_length")


def bad_chunk(fault: Fault, occasion: Occasion) -> Decision:  # noqa: ARG001 - the signature of all faults
    """An illegal chunk in the transfer."""
    return Part(framing="bad_chunk")
