"""One trial as the detectors of bad behaviour see it, and what they say when they find some."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from flakestorm.model.outcome import Call
from flakestorm.model.record import TrialRecord
from flakestorm.model.verdict import Severity
from flakestorm.scoring.behaviour.control import ControlArm
from flakestorm.scoring.behaviour.fault_modes import CORRUPTING, failed, is_good, modes
from flakestorm.scoring.behaviour.notice import notices
from flakestorm.scoring.behaviour.tokens import Tokens

READ = 10_000
"""Characters that are read at either end of an enormous reply."""
ROUNDING_MS = 1.0
"""Times of calls are rounded, so that two that follow each other may seem to overlap by so much."""


@dataclass(frozen=True, slots=True)
class Symptom:
    """Bad behaviour in one trial: a sentence with its numbers, and how clearly the trial shows it.

    ``degree`` only orders trials of one kind of symptom, the clearest highest.
    """

    detail: str
    degree: float = 0.0
    severity: Severity | None = None
    """Where it is not the usual one of its kind."""


@dataclass(frozen=True)
class Case:
    """A finished trial with the control arm of its golden prompt.

    ``tokens`` finds what the run's faults planted; without it only what calls show of that is known.
    """

    record: TrialRecord
    control: ControlArm
    tokens: Tokens | None = None

    @cached_property
    def calls(self) -> tuple[Call, ...]:
        """All calls, in the order in which they began."""
        return tuple(sorted(self.record.outcome.calls, key=lambda call: call.started_ms))

    @property
    def reply(self) -> str:
        """What the agent said; "" where it said nothing."""
        return self.record.outcome.reply or ""

    @cached_property
    def said(self) -> str:
        """What of the reply is read: of an enormous one its beginning and its end."""
        reply = self.reply
        return reply if len(reply) <= 2 * READ else f"{reply[:READ]}\n{reply[-READ:]}"

    @cached_property
    def disturbed(self) -> tuple[Call, ...]:
        """The calls in which a fault fired."""
        return tuple(call for call in self.calls if call.fired)

    def hit_by(self, wanted: frozenset[str]) -> tuple[Call, ...]:
        """The calls in which a fault of the ``wanted`` modes fired."""
        return tuple(call for call in self.disturbed if modes(call) & wanted)

    @cached_property
    def requests(self) -> tuple[list[Call], ...]:
        """The calls that make the same request, together; those without a digest are left out."""
        groups: dict[str, list[Call]] = {}
        for call in self.calls:
            if call.sent:
                groups.setdefault(call.sent, []).append(call)
        return tuple(groups.values())

    @cached_property
    def repeated(self) -> tuple[list[tuple[Call, Call]], ...]:
        """For each request that was repeated in vain: the calls without a good answer, each with the next."""
        return tuple(pairs for request in self.requests if (pairs := _repeats(request)))

    @cached_property
    def _last_good(self) -> dict[tuple[str, str], float]:
        """When a model or a tool last began to give a whole answer."""
        return {(call.kind, call.name): call.started_ms for call in self.calls if is_good(call)}

    def made_good(self, call: Call) -> bool:
        """Whether the agent called the same model or tool again after ``call``, and got a whole answer."""
        last = self._last_good.get((call.kind, call.name))
        return last is not None and last >= end_of(call) - ROUNDING_MS

    @cached_property
    def noticed(self) -> bool:
        """Whether the reply says that something is wrong, in words that no undisturbed reply uses."""
        return bool(notices(self.said) - self.control.notices)


def end_of(call: Call) -> float:
    """When ``call`` was over, in milliseconds from the start of the trial."""
    return call.started_ms + call.duration_ms


def after(call: Call, calls: Iterable[Call]) -> list[Call]:
    """Those of ``calls`` that began when ``call`` was over."""
    end = end_of(call) - ROUNDING_MS
    return [later for later in calls if later is not call and later.started_ms >= end]


def _repeats(request: list[Call]) -> list[tuple[Call, Call]]:
    """(call, the next one) for the calls of one request that failed or brought damaged data."""
    starts = [call.started_ms for call in request]
    pairs = []
    for place, call in enumerate(request):
        if failed(call) or modes(call) & CORRUPTING:
            following = max(place + 1, bisect_left(starts, end_of(call) - ROUNDING_MS))
            if following < len(request):
                pairs.append((call, request[following]))
    return pairs


def callee(call: Call) -> str:
    """``the model 'gpt-4o'``, ``the tool 'search'``: who was asked."""
    who = {"llm": "the model", "tool": "the tool"}.get(call.kind, "the service")
    return f"{who} '{call.name}'"


def names(calls: Iterable[Call]) -> str:
    """The faults that fired in ``calls``, for people."""
    return ", ".join(dict.fromkeys(fault for call in calls for fault in call.fired))


def seconds(milliseconds: float) -> str:
    """``85 ms``, ``1.2 s``."""
    return f"{milliseconds:.0f} ms" if milliseconds < 1000 else f"{milliseconds / 1000:.1f} s"
