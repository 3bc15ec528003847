"""One try to make one mutation: draws a canary, runs the operators, puts their edits together."""

from __future__ import annotations

import re
from functools import lru_cache
from random import Random

from flakestorm.model.canary import make_canary
from flakestorm.model.mutation import Mutation, apply_edits
from flakestorm.model.prompt import GoldenPrompt
from flakestorm.model.randomness import generator
from flakestorm.mutations.applied import applied
from flakestorm.mutations.choice import Choice
from flakestorm.mutations.composed_edits import composed_edits
from flakestorm.mutations.protected import Span, protected_spans
from flakestorm.mutations.reach import Reach
from flakestorm.mutations.registry import Draft, Source


def attempt(
    choice: Choice,
    prompt: GoldenPrompt,
    seed: int,
    ordinal: int,
    intensity: float,
    reach: Reach = Reach.PROMPT,
) -> tuple[Mutation | None, bool]:
    """The mutation, or None when ``choice`` finds nothing to change, and whether anything was drawn for it.

    What draws nothing makes the same thing whatever the ``ordinal``. ``intensity`` is 0–1.
    """
    rng = generator(seed, prompt.id, choice.name, ordinal)
    untouched = rng.state
    canary = make_canary(rng) if choice.has_canary else ""
    draft = _draft(choice, prompt.turns, canary, rng, intensity, reach)
    drew = choice.has_canary or rng.state != untouched
    if draft is None:
        return None, drew
    earlier = prompt.turns[:-1] if draft.earlier is None else draft.earlier
    turns = (*earlier, apply_edits(prompt.turns[-1], draft.edits))
    if turns == prompt.turns and draft.attack is None:
        return None, drew
    mutation = Mutation(
        choice.type,
        choice.name,
        turns,
        choice.kind,
        seed,
        intensity,
        draft.edits,
        canary or None,
        choice.implied,
        draft.attack,
    )
    return mutation, drew


def _draft(
    choice: Choice, turns: tuple[str, ...], canary: str, rng: Random, intensity: float, reach: Reach
) -> Draft | None:
    steps = choice.steps
    info, template = steps[0]
    source = _source(turns, template)
    if canary:
        source = source.with_canary(canary)
    draft = applied(info, source, rng, intensity, reach)
    if draft is None or len(steps) == 1:
        return draft
    edits, earlier = draft.edits, draft.earlier
    for further, template in steps[1:]:
        source = _changed(source, draft, template)
        draft = applied(further, source, rng, intensity, reach)
        if draft is None or _is_disarmed(source, draft):
            return None
        edits = composed_edits(source.text, edits, draft.edits)
        earlier = earlier if draft.earlier is None else draft.earlier
    return Draft(edits, earlier)


@lru_cache(maxsize=64)
def _source(turns: tuple[str, ...], template: str) -> Source:
    *earlier, text = turns
    return Source(text, protected_spans(text), earlier=tuple(earlier), template=template)


def _changed(source: Source, draft: Draft, template: str) -> Source:
    """What ``draft`` makes of ``source``, for the operator that goes on with it.

    Where the canary stands is protected too: with a slip in it, obedience could not be proved.
    """
    text = apply_edits(source.text, draft.edits)
    spans = protected_spans(text)
    if source.canary:
        spans = _united((*spans, *(match.span() for match in re.finditer(source.canary, text))))
    earlier = source.earlier if draft.earlier is None else draft.earlier
    return Source(text, spans, source.canary, earlier, template)


def _united(spans: tuple[Span, ...]) -> tuple[Span, ...]:
    """``spans`` in order, with those that overlap made one."""
    united: list[Span] = []
    for start, end in sorted(spans):
        if united and start < united[-1][1]:
            united[-1] = (united[-1][0], max(end, united[-1][1]))
        else:
            united.append((start, end))
    return tuple(united)


def _is_disarmed(source: Source, draft: Draft) -> bool:
    """Whether an injected instruction was cut off: the text is shorter now, and no canary is to be seen."""
    if not source.canary:
        return False
    text = apply_edits(source.text, draft.edits)
    return len(text) < len(source.text) and source.canary not in text
