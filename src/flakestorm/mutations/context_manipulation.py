"""Irrelevant, missing, repeated or contradicting context around the request.

What only adds noise keeps the meaning. Where something is missing, contradicts itself or rests on a wrong
premise, a good agent may ask back or object, so no particular answer is expected: those are ``EDGE``.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import pairwise
from random import Random

from flakestorm.model.mutation import Edit, Kind
from flakestorm.mutations import tables
from flakestorm.mutations.edits import around
from flakestorm.mutations.openings import led_by
from flakestorm.mutations.registry import Draft, Source, operator
from flakestorm.mutations.wording import Wording

# A sentence that begins like this refers to the one before it.
LINKED = re.compile(
    r"(?:then|next|finally|lastly|after that|afterwards|first|firstly|second|secondly|third|also|but|so|and|"
    r"or|it|its|they|them|their|this|that|these|those|he|she|him|her|however|therefore|instead|otherwise|"
    r"if so|if not|because of)\b",
    re.IGNORECASE,
)
DETAIL = re.compile(r"\s(?:of|for|in|on|at|about|from|to|with|between|before|after)\s[^.?!]+", re.IGNORECASE)


def _several(rng: Random, heading: str, intensity: float) -> str:
    sentences = tables.sections("context")[heading]
    return " ".join(rng.sample(sentences, 1 + int(intensity * 4)))


def _behind(source: Source, *sentences: str) -> Draft:
    """``sentences`` after the text, each an edit of its own."""
    end = source.wording.body[1]
    joints = (source.wording.joint, *" " * (len(sentences) - 1))
    return Draft(tuple(Edit(end, end, joint + more) for joint, more in zip(joints, sentences, strict=True)))


@operator("context_manipulation", "irrelevant_prefix", Kind.PRESERVES_MEANING)
def irrelevant_prefix(source: Source, rng: Random, intensity: float) -> Draft | None:
    """Says something that has nothing to do with it first."""
    return around(source.text, f"{_several(rng, 'aside', intensity)} ", "")


@operator("context_manipulation", "irrelevant_suffix", Kind.PRESERVES_MEANING)
def irrelevant_suffix(source: Source, rng: Random, intensity: float) -> Draft | None:
    """Says something that has nothing to do with it afterwards."""
    return _behind(source, _several(rng, "aside", intensity))


@operator("context_manipulation", "long_story", Kind.PRESERVES_MEANING)
def long_story(source: Source, rng: Random, intensity: float) -> Draft | None:  # noqa: ARG001 - the port
    """Tells a long story that has nothing to do with it first."""
    stories = rng.sample(tables.sections("context")["story"], 1 + int(intensity * 3))
    return Draft(tuple(Edit(0, 0, f"{story}\n\n") for story in stories))


@operator("context_manipulation", "true_statement", Kind.PRESERVES_MEANING)
def true_statement(source: Source, rng: Random, intensity: float) -> Draft | None:
    """Adds what is always true: "And true is true."."""
    chosen = rng.sample(tables.sections("context")["true"], 1 + int(intensity * 4))
    return _behind(source, *(f"And {true[0].lower()}{true[1:]}" for true in chosen))


@operator("context_manipulation", "repeated_request", Kind.PRESERVES_MEANING)
def repeated_request(source: Source, rng: Random, intensity: float) -> Draft | None:
    """Makes the same request again, and again."""
    text = source.text.strip()
    if not text:
        return None
    leads = rng.sample(tables.sections("context")["again"], 1 + int(intensity * 3))
    return _behind(source, *(f"{lead} {text}" for lead in leads))


@lru_cache(maxsize=64)
def _swaps(wording: Wording) -> tuple[tuple[Edit, Edit], ...]:
    """The pairs of neighbouring sentences that can change places."""
    text = wording.text
    linked = [bool(LINKED.match(text, start)) for start, _ in wording.sentences]
    swaps = []
    for index, (left, right) in enumerate(pairwise(wording.sentences)):
        first, second = text[slice(*left)], text[slice(*right)]
        after = linked[index + 2 : index + 3]
        if linked[index] or linked[index + 1] or any(after) or first == second:
            continue
        closed = second if second[-1] in ".?!…。！？" else f"{second}."
        swaps.append((Edit(*left, closed), Edit(*right, first)))
    return tuple(swaps)


@operator("context_manipulation", "sentence_order", Kind.PRESERVES_MEANING)
def sentence_order(source: Source, rng: Random, intensity: float) -> Draft | None:  # noqa: ARG001 - the port
    """Says the same sentences in another order, unless one refers to the one before."""
    swaps = _swaps(source.wording)
    return Draft(rng.choice(swaps)) if swaps else None


@lru_cache(maxsize=64)
def _removals(wording: Wording) -> tuple[Edit, ...]:
    """What can be taken away: a sentence beside others, an exact value, or a closing detail."""
    sentences = wording.sentences
    found = []
    if len(sentences) > 1:
        # With the white space that follows, or before the last sentence the one that precedes.
        found = [Edit(left[0], right[0], "") for left, right in pairwise(sentences)]
        found.append(Edit(sentences[-2][1], sentences[-1][1], ""))
    text = wording.text
    for start, end in wording.protected:
        gap = start > 0 and text[start - 1] == " "
        if start - gap > wording.body[0]:
            found.append(Edit(start - gap, end, ""))
    for start, end in sentences:
        details = list(DETAIL.finditer(text, start, end))
        if details and text[start : details[-1].start()].strip():
            found.append(Edit(*details[-1].span(), ""))
    return tuple(dict.fromkeys(found))


@operator("context_manipulation", "context_removed", Kind.EDGE)
def context_removed(source: Source, rng: Random, intensity: float) -> Draft | None:  # noqa: ARG001 - the port
    """Leaves out a sentence, a detail, an exact value, or the conversation so far."""
    found = _removals(source.wording)
    if source.earlier and (not found or rng.random() < 0.5):
        return Draft((), earlier=())
    return Draft((rng.choice(found),)) if found else None


@operator("context_manipulation", "contradiction", Kind.EDGE)
def contradiction(source: Source, rng: Random, intensity: float) -> Draft | None:  # noqa: ARG001 - the port
    """Adds a statement that contradicts itself."""
    return _behind(source, rng.choice(tables.sections("context")["contradiction"]))


@operator("context_manipulation", "wrong_premise", Kind.EDGE)
def wrong_premise(source: Source, rng: Random, intensity: float) -> Draft | None:  # noqa: ARG001 - the port
    """Builds the request on something that is not true."""
    premise = f"{rng.choice(tables.sections('context')['premise'])} "
    if not source.wording.sentences:
        return around(source.text, premise, "")
    return Draft((led_by(source.wording, source.wording.sentences[0], premise),))
