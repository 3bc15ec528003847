"""Whose call it is: the trial that it names, else the one that has the lane, else nobody's."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from flakestorm.chaos.gateway.headers import named_trial
from flakestorm.chaos.traffic import Traffic


class Attribution:
    """Which trials are under way, and on which lanes.

    ``fallback`` gives the traffic of calls that are no trial's; without it they are strays: counted, and
    passed on as they are.
    """

    def __init__(self, lanes: int, fallback: Callable[[], Traffic] | None = None) -> None:
        self.forwarded: set[str] = set()
        self.strays = Traffic("")
        self._fallback = fallback
        self._lanes: list[Traffic | None] = [None] * lanes
        self._trials: dict[str, Traffic] = {}

    def enter(self, traffic: Traffic, lane: int | None) -> None:
        """A trial begins; without a lane only the calls that name it are its own."""
        if lane is not None:
            held = self._lanes[lane]
            if held is not None:
                raise ValueError(f"lane {lane} has the trial {held.trial_id}")
            self._lanes[lane] = traffic
        self._trials[traffic.trial_id] = traffic

    def leave(self, traffic: Traffic) -> None:
        """The trial is over; later calls are not its own, even where they name it."""
        self._lanes = [None if held is traffic else held for held in self._lanes]
        if self._trials.get(traffic.trial_id) is traffic:
            del self._trials[traffic.trial_id]

    def traffic(self, headers: Mapping[str, str], lane: int) -> Traffic:
        """To whom a call with ``headers`` (lower-case names) on ``lane`` belongs."""
        named = named_trial(headers)
        if named:
            # A call that names a trial that is over came late: it is not the next trial's.
            owner = self._trials.get(named)
            if owner is not None:
                self.forwarded.add(named)
        else:
            owner = self._lanes[lane]
        if owner is not None:
            return owner
        return self._fallback() if self._fallback is not None else self.strays
