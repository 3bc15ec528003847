"""Puts together what several faults do to one call."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import reduce
from typing import TypeVar

from flakestorm.chaos.effect import Answer, Effect, Ending, Shaper, Step
from flakestorm.chaos.faults.part import Part
from flakestorm.chaos.faults.watch import Changes

T = TypeVar("T")


def composed(
    parts: Sequence[tuple[int, str, Part]], held: Sequence[str], changes: Changes, is_stream: bool
) -> Effect:
    """One effect of ``parts``, which are (place, name, part) in the order of the configuration.

    Delays add up; at most one part is final; changes of bodies are applied one after the other.
    """
    final = next((part for _, _, part in parts if part.is_final), Part())
    requests = [changes.request(place, part.request) for place, _, part in parts if part.request]
    rewrites = [changes.rewrite(place, part.rewrite) for place, _, part in parts if part.rewrite]
    shapers = [changes.shaper(place, part.shaper) for place, _, part in parts if part.shaper]
    if shapers and is_stream and not rewrites:
        # The answer to a streaming call may be a whole one, such as an error: stream faults let it pass.
        rewrites = [_unchanged]
    return Effect(
        fired=tuple(name for _, name, _ in parts),
        held=tuple(held),
        delay_ms=sum(part.delay_ms for _, _, part in parts),
        connection=final.connection,
        hang_ms=final.hang_ms,
        answer=final.answer,
        request=_one_after_the_other(requests),
        lost=final.lost,
        rewrite=_one_after_the_other(rewrites),
        shaper=_line(shapers),
        framing=next((part.framing for _, _, part in parts if part.framing), ""),
    )


def _unchanged(answer: Answer) -> Answer:
    return answer


def _one_after_the_other(steps: Sequence[Callable[[T], T]]) -> Callable[[T], T] | None:
    if len(steps) < 2:
        return steps[0] if steps else None
    return lambda value: reduce(lambda made, step: step(made), steps, value)


def _line(makers: Sequence[Callable[[], Shaper]]) -> Callable[[], Shaper] | None:
    if len(makers) < 2:
        return makers[0] if makers else None
    return lambda: reduce(Line, (make() for make in makers))


class Line:
    """Two shapers, one behind the other."""

    def __init__(self, first: Shaper, second: Shaper) -> None:
        self._first = first
        self._second = second

    def feed(self, data: bytes) -> Iterator[Step]:
        """See ``Shaper``."""
        yield from self._passed_on(self._first.feed(data))

    def finish(self) -> Iterator[Step]:
        """See ``Shaper``."""
        for step in self._passed_on(self._first.finish()):
            yield step
            if isinstance(step, Ending):
                return
        yield from self._second.finish()

    def _passed_on(self, steps: Iterable[Step]) -> Iterator[Step]:
        for step in steps:
            if isinstance(step, bytes):
                yield from self._second.feed(step)
            elif isinstance(step, Ending):
                # What the second one held back came before the end.
                yield from self._second.finish()
                yield step
                return
            else:
                yield step
