"""The installation that is in force in this process, for code that is not told of it."""

from __future__ import annotations

from flakestorm.chaos.inprocess.watch import Watch
from flakestorm.chaos.request import CallRequest
from flakestorm.chaos.traffic import OpenCall, Traffic

_watch: Watch | None = None


def active() -> Watch | None:
    """What the hooks share, or None while nothing is installed."""
    return _watch


def activate(watch: Watch | None) -> None:
    """From now on ``watch`` is in force."""
    global _watch  # noqa: PLW0603 - hooks are of the process, and so is this
    _watch = watch


def opened(traffic: Traffic, library: str, request: CallRequest) -> OpenCall:
    """``request`` begins in ``traffic``, and is counted if there is anybody who counts."""
    return traffic.open(request) if _watch is None else _watch.open(traffic, library, request)
