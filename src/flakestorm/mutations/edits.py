"""From the places that could be edited to the edits that are made: the step that all operators share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from random import Random
from typing import TypeVar

from flakestorm.model.mutation import Edit
from flakestorm.mutations.registry import Draft

T = TypeVar("T")

Options = tuple[tuple[Edit, ...], ...]
"""Place by place the edits to choose from; the places are in order and do not overlap."""


MOST = 1000
"""No more places than this are picked: in a long prompt a thousand slips show as much as all of them."""


def pick(rng: Random, places: Sequence[T], intensity: float) -> list[T]:
    """The share ``intensity`` (0–1) of ``places``, at least one, at most ``MOST``, in their order."""
    total = len(places)
    wanted = min(round(total * intensity), MOST)
    if wanted >= total:
        return list(places)
    if wanted < 2:
        return [rng.choice(places)]
    return [places[index] for index in sorted(rng.sample(range(total), wanted))]


def choose(rng: Random, options: Options, intensity: float) -> Draft | None:
    """One edit at each of the picked places; None when there are no places."""
    if not options:
        return None
    return Draft(tuple([rng.choice(edits) for edits in pick(rng, options, intensity)]))


def drafted(edits: Iterable[Edit]) -> Draft | None:
    """The draft of ``edits``, or None without any."""
    made = tuple(edits)
    return Draft(made) if made else None


def around(text: str, before: str, after: str) -> Draft | None:
    """Put ``before`` in front of ``text`` and ``after`` behind it, an edit each unless it is empty."""
    end = len(text)
    if not after:
        return Draft((Edit(0, 0, before),)) if before else None
    if not before:
        return Draft((Edit(end, end, after),))
    return Draft((Edit(0, 0, before), Edit(end, end, after)))
