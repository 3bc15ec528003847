"""The same request in another mood or register."""

from __future__ import annotations

from functools import cache, lru_cache
from random import Random

from flakestorm.model.mutation import Edit, Kind
from flakestorm.mutations import tables
from flakestorm.mutations.edits import Options, pick
from flakestorm.mutations.openings import closed_by, opened_by
from flakestorm.mutations.phrasebook import Phrasebook
from flakestorm.mutations.registry import Draft, Operator, Source, operator
from flakestorm.mutations.wording import NEAR, Wording, in_case_of

TONES = {
    "angry": "Sounds angry: complaints around the request.",
    "impatient": "Sounds impatient: everything has to be fast.",
    "sarcastic": "Sounds sarcastic.",
    "over_polite": "Is far more polite than people are.",
    "anxious": "Sounds worried and insecure.",
    "slang": "Talks casually, with slang.",
    "formal": "Talks like a letter to an authority.",
    "childlike": "Talks like a child.",
}


@cache
def _vocabulary(heading: str) -> Phrasebook[str]:
    rows = (row.partition(" = ") for row in tables.sections("tones").get(heading, ()))
    return Phrasebook({word: other for word, _, other in rows})


@lru_cache(maxsize=512)
def _replacements(wording: Wording, heading: str) -> tuple[Edit, ...]:
    return tuple(
        Edit(found.start, found.end, in_case_of(wording.text[found.start : found.end], found.entry))
        for found in _vocabulary(heading).find(wording)
    )


def _in_tone(source: Source, rng: Random, intensity: float, tone: str) -> Draft | None:
    wording = source.wording
    if not wording.sentences:
        return None
    phrases = tables.sections("tones")
    sites = _replacements(wording, f"{tone}_words")
    words = pick(rng, sites, max(intensity, 0.5)) if sites else []
    start, end = wording.body
    edits = list(words)
    if rng.random() < 0.6 + intensity / 2:
        phrase = rng.choice(phrases[f"{tone}_before"])
        opening = opened_by(wording, phrase)
        # A replaced first word keeps its capital.
        if words and words[0].start < opening.end:
            opening = Edit(start, start, f"{phrase} ")
        edits.insert(0, opening)
    if not edits or rng.random() < 0.4 + intensity / 2:
        edits.append(Edit(end, end, f"{wording.joint}{rng.choice(phrases[f'{tone}_after'])}"))
    return Draft(tuple(edits))


def _register(tone: str, summary: str) -> None:
    def shift(source: Source, rng: Random, intensity: float) -> Draft | None:
        return _in_tone(source, rng, intensity, tone)

    shift.__doc__ = summary
    shift.__name__ = tone
    made: Operator = shift
    operator("tone_shift", tone, Kind.PRESERVES_MEANING)(made)


for _tone, _summary in TONES.items():
    _register(_tone, _summary)


@operator("tone_shift", "emoji", Kind.PRESERVES_MEANING)
def emoji(source: Source, rng: Random, intensity: float) -> Draft | None:
    """Adds emoji behind sentences, as messengers offer them."""
    sentences = source.wording.sentences
    if not sentences:
        return None
    smileys = tables.sections("tones")["emoji"]
    most = 1 + round(intensity * 4)
    return Draft(
        tuple(
            Edit(end, end, f" {''.join(rng.choices(smileys, k=rng.randint(1, most)))}")
            for _, end in pick(rng, sentences, intensity)
        )
    )


@lru_cache(maxsize=64)
def _dispensable(wording: Wording) -> Options:
    text = wording.text
    sites = []
    openings = {start for start, _ in wording.sentences}
    for edit in _replacements(wording, "terse_removed"):
        if " " in text[edit.start : edit.end] and edit.start not in openings:
            continue
        after = edit.end + (text[edit.end : edit.end + 1] == " ")
        if after == edit.end or not text[after : after + NEAR].strip(" .?!,"):
            continue
        # At the front of a sentence the next word takes over the capital.
        first = edit.start in openings and wording.is_free(after, after + 1)
        sites.append((Edit(edit.start, after + first, text[after].upper() if first else ""),))
    return tuple(sites)


@operator("tone_shift", "terse", Kind.PRESERVES_MEANING)
def terse(source: Source, rng: Random, intensity: float) -> Draft | None:
    """Says it in telegram style: courtesy, articles and lead-ins are left out."""
    sites = _dispensable(source.wording)
    if not sites:
        return None
    edits: list[Edit] = []
    for (edit,) in pick(rng, sites, max(intensity, 0.6)):
        # Two neighbours may want the same letter: the first one has it.
        if not edits or edits[-1].end <= edit.start:
            edits.append(edit)
    return Draft(tuple(edits))


@lru_cache(maxsize=64)
def _shouted(wording: Wording) -> tuple[Edit, ...]:
    upper = ((word, word.text.upper()) for word in wording.words)
    return tuple(Edit(word.start, word.end, loud) for word, loud in upper if loud != word.text)


@operator("tone_shift", "shouting", Kind.PRESERVES_MEANING)
def shouting(source: Source, rng: Random, intensity: float) -> Draft | None:
    """SHOUTS, with exclamation marks!!!"""
    wording = source.wording
    if not wording.sentences:
        return None
    end = wording.body[1]
    marks = "!" * rng.randrange(1, 3 + round(intensity * 10))
    closing = () if wording.is_question else closed_by(wording, wording.sentences[-1], "!")
    return Draft((*_shouted(wording), *closing, Edit(end, end, marks)))
