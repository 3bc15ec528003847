"""The fault space of an exploration: which faults can be put where, and in which order they are tried."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, zip_longest
from typing import TypeVar

from flakestorm.core.explore_faults import Explored, applicable
from flakestorm.model.fault_point import CallPosition, FaultPoint
from flakestorm.model.outcome import Call
from flakestorm.model.prompt import GoldenPrompt
from flakestorm.model.randomness import draw

T = TypeVar("T")

Single = tuple[FaultPoint, GoldenPrompt]
"""One fault at one call, tried with one golden prompt."""


@dataclass(frozen=True, slots=True)
class Trace:
    """The calls of one trial with their positions, in the order in which they began."""

    prompt: GoldenPrompt
    calls: tuple[tuple[CallPosition, Call], ...]

    @classmethod
    def of(cls, prompt: GoldenPrompt, calls: Iterable[Call]) -> Trace:
        """The trace of these calls."""
        counts: Counter[tuple[str, str]] = Counter()
        found = []
        for call in sorted(calls, key=lambda call: call.started_ms):
            key = (call.kind, call.name)
            counts[key] += 1
            found.append((CallPosition(*key, counts[key]), call))
        return cls(prompt, tuple(found))

    @property
    def positions(self) -> frozenset[CallPosition]:
        """Where calls are."""
        return frozenset(position for position, _ in self.calls)

    def points(self) -> dict[CallPosition, list[FaultPoint]]:
        """The faults at each call, and those at every call of one model or tool; families take turns."""
        at_calls: dict[CallPosition, list[Explored]] = {}
        at_every: dict[CallPosition, dict[str, Explored]] = {}
        for position, call in self.calls:
            at_calls[position] = list(faults_at(position, call))
            every = at_every.setdefault(CallPosition(position.kind, position.name), {})
            every.update({fault.label: fault for fault in at_calls[position]})
        for position, found in at_every.items():
            at_calls[position] = sorted(found.values(), key=lambda fault: fault.place)
        return {position: _interleaved(position, faults) for position, faults in at_calls.items()}


def faults_at(position: CallPosition, call: Call) -> tuple[Explored, ...]:
    """The faults that can do something to ``call``, in the order of the catalogue."""
    # What a call says of itself hardly differs between trials, and asking every fault takes a while.
    return _known(
        call.kind, call.name, call.method, call.url, call.stream, call.received, position.number or 1
    )


@lru_cache(maxsize=1024)
def _known(
    kind: str, name: str, method: str, url: str, stream: bool, received: str, number: int
) -> tuple[Explored, ...]:
    call = Call(kind, name, 0.0, 0.0, method=method, url=url, stream=stream, received=received)
    return tuple(applicable(call, number))


def singles(traces: Sequence[Trace]) -> list[list[Single]]:
    """All single faults, in turns: in the first each fault is tried once at each call, in the next ones with
    the other golden prompts whose trials make that call. Calls and families alternate.
    """
    owners: dict[FaultPoint, list[GoldenPrompt]] = {}
    by_position: dict[CallPosition, dict[FaultPoint, None]] = {}
    for trace in traces:
        for position, points in trace.points().items():
            for point in points:
                owners.setdefault(point, []).append(trace.prompt)
                by_position.setdefault(position, {})[point] = None
    turns: list[list[Single]] = [[] for _ in range(max(map(len, owners.values()), default=0))]
    for point in in_turn(by_position.values()):
        prompts = owners[point]
        first = int(draw(0, str(point), "golden prompt") * len(prompts))
        for turn in range(len(prompts)):
            turns[turn].append((point, prompts[(first + turn) % len(prompts)]))
    return turns


def in_turn(sequences: Iterable[Iterable[T]]) -> Iterator[T]:
    """The first of each, the second of each … None is no element."""
    return (item for item in chain.from_iterable(zip_longest(*sequences)) if item is not None)


def _interleaved(position: CallPosition, faults: Iterable[Explored]) -> list[FaultPoint]:
    families: dict[str, list[Explored]] = {}
    for fault in faults:
        families.setdefault(fault.family, []).append(fault)
    return [FaultPoint(position, fault.label) for fault in in_turn(families.values())]
