"""Pairs of faults that do no harm alone, in an order that spreads over calls and families."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence

from flakestorm.core.explore_faults import Explored, explored
from flakestorm.core.explore_space import Single, Trace, faults_at, in_turn
from flakestorm.model.fault_point import CallPosition, FaultPoint
from flakestorm.model.prompt import GoldenPrompt
from flakestorm.model.randomness import digest
from flakestorm.model.record import TrialRecord, TrialStatus
from flakestorm.scoring.fault_states import broke

PER_GROUP = 20
"""So many pairs of two families at two calls are kept: more of them would hardly tell anything new."""

Pair = tuple[tuple[FaultPoint, ...], GoldenPrompt]
Group = tuple[CallPosition, str, CallPosition, str]
"""Call and family of the first fault, call and family of the second."""


def pairs(tried: Mapping[Single, TrialRecord], control: Sequence[Trace], seed: int) -> list[Pair]:
    """Pairs of faults at different calls, each with the golden prompt that makes both calls.

    Both survived alone. The second is at a call that came after the first fault. Where that made the agent
    call once more than undisturbed (a retry, a fallback), the further call is disturbed as well, with what
    does no harm at any call of the same model or tool. Such pairs alternate with the others.
    """
    harmful = {point for (point, _), record in tried.items() if broke(record)}
    harmful_somewhere = {_anywhere(point) for point in harmful if point.position.number is not None}
    sound = _sound(tried, harmful)
    usual = {trace.prompt: trace.positions for trace in control}
    groups: dict[Group, dict[tuple[FaultPoint, ...], tuple[tuple[bool, int, int], GoldenPrompt]]] = {}
    further: set[Group] = set()
    for first, (prompt, record) in sound.items():
        one = explored(first)
        if one is None or first.position.number is None:
            continue
        for position, other in _later(first, Trace.of(prompt, record.outcome.calls)):
            second = FaultPoint(position, other.label)
            is_new = position not in usual[prompt]
            if _anywhere(second) in harmful_somewhere if is_new else second not in sound:
                continue
            group = (first.position, one.family, position, other.family)
            if is_new:
                further.add(group)
            rank = (one.label != other.label, one.place + other.place, one.place)
            groups.setdefault(group, {})[first, second] = (rank, prompt)
    order = sorted(groups, key=lambda group: (group[1] != group[3], digest(seed, *map(str, group))))
    kept = {group: _best(groups[group]) for group in order}
    return list(
        in_turn(
            (
                in_turn(kept[group] for group in order if group in further),
                in_turn(kept[group] for group in order if group not in further),
            )
        )
    )


def _anywhere(point: FaultPoint) -> tuple[str, str, str]:
    """The fault at whichever call of the same model or tool."""
    return point.position.kind, point.position.name, point.fault


def _sound(
    tried: Mapping[Single, TrialRecord], harmful: Container[FaultPoint]
) -> dict[FaultPoint, tuple[GoldenPrompt, TrialRecord]]:
    """The faults that did no harm with any golden prompt, with the first trial in which they fired."""
    found: dict[FaultPoint, tuple[GoldenPrompt, TrialRecord]] = {}
    for (point, prompt), record in tried.items():
        if point not in harmful and record.status is TrialStatus.PASSED and record.outcome.faults_fired:
            found.setdefault(point, (prompt, record))
    return found


def _later(first: FaultPoint, trace: Trace) -> Iterator[tuple[CallPosition, Explored]]:
    """Every fault at every call that began after the one of ``first``."""
    reached = False
    for position, call in trace.calls:
        if reached:
            for fault in faults_at(position, call):
                yield position, fault
        reached = reached or position == first.position


def _best(
    group: Mapping[tuple[FaultPoint, ...], tuple[tuple[bool, int, int], GoldenPrompt]],
) -> list[Pair]:
    ranked = sorted(group.items(), key=lambda item: item[1][0])
    return [(points, prompt) for points, (_, prompt) in ranked[:PER_GROUP]]
