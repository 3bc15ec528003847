"""Draws the map of the fault space while an exploration goes on, and finds the minimal failing sets in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from statistics import median

from flakestorm.model.fault_map import FailingSet, FaultCell, FaultGroup, FaultMap, PointState
from flakestorm.model.fault_point import FaultPoint, points_in, scenario_name
from flakestorm.model.outcome import Call
from flakestorm.model.record import TrialRecord
from flakestorm.model.verdict import Severity
from flakestorm.scoring.behaviour.case import Case
from flakestorm.scoring.behaviour.tally import KEPT_CALLS, KEPT_RECEIVED
from flakestorm.scoring.fault_states import Reason, judged

Describe = Callable[[FaultPoint], tuple[int, str]]
"""The place of a fault in the catalogue, and its family."""

_WORST_FIRST = list(PointState)

THEN = ", then "
UNKNOWN = Reason(Severity.LOW, "")


@dataclass(slots=True)
class _Set:
    """The trials of one golden prompt under one set of faults."""

    prompt: str
    states: dict[str, PointState] = field(default_factory=dict)
    """By trial id."""
    reason: Reason = UNKNOWN
    clearest: str = ""
    calls: tuple[Call, ...] = ()

    @property
    def state(self) -> PointState:
        return min(self.states.values(), key=_WORST_FIRST.index)

    def add(self, record: TrialRecord, state: PointState, reason: Reason | None) -> None:
        self.states[record.trial.id] = state
        # The worst, and of these the first by its id: the order of arrival must not matter.
        worst = min((_WORST_FIRST.index(own), id_) for id_, own in self.states.items())
        if worst[1] == record.trial.id:
            self.reason, self.clearest = reason or UNKNOWN, record.trial.id
            self.calls = tuple(
                replace(call, received=call.received[:KEPT_RECEIVED])
                for call in record.outcome.calls[:KEPT_CALLS]
            )

    def of(self, state: PointState) -> list[str]:
        return sorted(id_ for id_, own in self.states.items() if own is state)


Key = tuple[tuple[FaultPoint, ...], str]
"""Faults, and the id of a golden prompt."""


class FaultMapTally:
    """Streams the trials of an exploration; ``describe`` knows the catalogue of faults.

    The control arm of a golden prompt is to be added before its other trials. Memory grows with the number of
    scenarios, which the budget bounds.
    """

    def __init__(self, describe: Describe) -> None:
        self._describe = describe
        self._latencies: dict[str, list[float]] = {}
        self._sets: dict[Key, _Set] = {}

    def add(self, record: TrialRecord, case: Case | None) -> None:
        """Count one trial; ``case`` is None where no call of it was seen."""
        trial, prompt = record.trial, record.trial.prompt
        if trial.is_control:
            self._latencies.setdefault(prompt.id, []).append(record.outcome.latency_ms)
            return
        points = points_in(trial.scenario)
        if points:
            known = self._latencies.get(prompt.id)
            state, reason = judged(record, case, points, median(known) if known else None)
            label = prompt.name or prompt.text
            self._sets.setdefault((points, prompt.id), _Set(label)).add(record, state, reason)

    def fault_map(self) -> FaultMap:
        """The map of what was tried so far; it does not depend on the order in which trials finished."""
        pairs = [one for (points, _), one in self._sets.items() if len(points) > 1]
        minimal = self._minimal()
        return FaultMap(
            cells=tuple(self._cells()),
            failing=self._failing(minimal),
            groups=self._groups(minimal),
            pairs=len(pairs),
            pairs_failed=sum(one.state is PointState.FAILED for one in pairs),
        )

    def _cells(self) -> Iterator[FaultCell]:
        by_point: dict[FaultPoint, list[_Set]] = {}
        for (points, _), one in self._sets.items():
            if len(points) == 1:
                by_point.setdefault(points[0], []).append(one)
        for point in sorted(by_point, key=self._order):
            states = {id_: state for one in by_point[point] for id_, state in one.states.items()}
            counts = Counter(states.values())
            yield FaultCell(
                call=str(point.position),
                fault=point.fault,
                family=self._describe(point)[1],
                state=min(counts, key=_WORST_FIRST.index),
                trials=tuple(sorted(states, key=lambda id_: (_WORST_FIRST.index(states[id_]), id_))),
                **{state.value: counts[state] for state in PointState},
            )

    def _order(self, point: FaultPoint) -> tuple[str, str, bool, int, int]:
        at = point.position
        return at.kind, at.name, at.number is None, at.number or 0, self._describe(point)[0]

    def _minimal(self) -> list[Key]:
        """The failing sets in which no smaller one is known to fail."""
        failing: dict[tuple[FaultPoint, ...], list[str]] = {}
        for (points, prompt), one in self._sets.items():
            if one.state is PointState.FAILED:
                failing.setdefault(points, []).append(prompt)
        minimal: list[Key] = []
        for points, prompts in failing.items():
            smaller = [other for other in failing if other != points and _lies_in(other, points)]
            # A smaller set that fails with another prompt may fail with this one, unless it was tried.
            minimal += [
                (points, prompt)
                for prompt in prompts
                if all((other, prompt) in self._sets and prompt not in failing[other] for other in smaller)
            ]
        return sorted(minimal, key=lambda key: (len(key[0]), *map(self._order, key[0]), key[1]))

    def _failing(self, minimal: list[Key]) -> tuple[FailingSet, ...]:
        gathered: dict[tuple[FaultPoint, ...], list[_Set]] = {}
        for points, prompt in minimal:
            gathered.setdefault(points, []).append(self._sets[points, prompt])
        found = []
        for points, sets in gathered.items():
            worst = min(sets, key=_severity)
            failed = [id_ for one in sets for id_ in one.of(PointState.FAILED)]
            trials = dict.fromkeys([worst.clearest, *sorted(failed)])
            found.append(
                FailingSet(
                    points=tuple(map(str, points)),
                    prompts=tuple(sorted(one.prompt for one in sets)),
                    title=worst.reason.title,
                    severity=worst.reason.severity,
                    tries=sum(len(one.states) for one in sets),
                    failed=len(failed),
                    trials=tuple(trials),
                )
            )
        return tuple(found)

    def _groups(self, minimal: list[Key]) -> tuple[FaultGroup, ...]:
        """Minimal failing sets and degraded single faults by family and reason, the worst first."""
        degraded = [
            key for key, one in self._sets.items() if one.state is PointState.DEGRADED and len(key[0]) == 1
        ]
        gathered: dict[tuple[str, str, PointState], list[Key]] = {}
        for key in (*minimal, *degraded):
            one = self._sets[key]
            what = (family_name(key[0], self._describe), one.reason.title, one.state)
            gathered.setdefault(what, []).append(key)
        groups = [self._group(*shared, keys) for shared, keys in gathered.items()]
        return tuple(
            sorted(
                groups,
                key=lambda g: (
                    _WORST_FIRST.index(g.state),
                    g.severity.rank,
                    # Single faults before pairs: they are likelier, and easier to mend.
                    g.family.count(THEN),
                    -len(g.scenarios),
                    g.family,
                    g.title,
                ),
            )
        )

    def _group(self, family: str, title: str, state: PointState, keys: list[Key]) -> FaultGroup:
        sets = [self._sets[key] for key in keys]
        clearest = min(sets, key=lambda one: (*_severity(one), one.clearest))
        trials = dict.fromkeys([clearest.clearest, *sorted(id_ for one in sets for id_ in one.of(state))])
        detail = clearest.reason.detail
        points = sorted({points for points, _ in keys}, key=lambda own: [self._order(p) for p in own])
        return FaultGroup(
            title=title,
            state=state,
            severity=clearest.reason.severity,
            family=family,
            detail=detail[:1].upper() + detail[1:],
            scenarios=tuple(map(scenario_name, points)),
            trials=tuple(trials),
            calls=clearest.calls,
        )


def family_name(points: tuple[FaultPoint, ...], describe: Describe) -> str:
    """What kind of faults these are: ``llm status``, or for a pair ``llm status, then tool result``."""
    return THEN.join(f"{point.position.kind} {describe(point)[1]}" for point in points)


def _lies_in(smaller: tuple[FaultPoint, ...], larger: tuple[FaultPoint, ...]) -> bool:
    return all(any(point.covers(own) for point in larger) for own in smaller)


def _severity(one: _Set) -> tuple[int, float, int]:
    """Worse and clearer first, then what takes the fewest calls to see."""
    return one.reason.severity.rank, -one.reason.degree, len(one.calls)
