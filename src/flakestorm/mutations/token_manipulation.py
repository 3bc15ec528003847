"""Token manipulation: the same visible text in other characters, and texts that upset a tokeniser.

What leaves the visible text as it was preserves the meaning. Control characters, stacks of marks and glitch
tokens are edge cases. Chat-template tokens and smuggled instructions are hostile.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from random import Random

from flakestorm.model.mutation import Edit, Kind
from flakestorm.mutations.edits import drafted, pick
from flakestorm.mutations.registry import Draft, Source, operator
from flakestorm.mutations.templates import register_templates
from flakestorm.mutations.token_manipulation_characters import (
    COMBINING_MARKS,
    CONTROLS,
    GLITCH_TOKENS,
    HOMOGLYPHS,
    INVISIBLE,
    LIGATURES,
    NONCHARACTERS,
    SPACES,
)
from flakestorm.mutations.token_manipulation_special import SPECIAL_TOKENS
from flakestorm.mutations.wording import Wording

FAMILY = "token_manipulation"

STACK = "".join(COMBINING_MARKS) * 2
"""Beginning anywhere in its first half, this goes on with marks that differ from each other."""
CHUNK = re.compile(r"\S+")
LIGATURE = re.compile("|".join(LIGATURES))

register_templates(FAMILY, SPECIAL_TOKENS)


@lru_cache(maxsize=64)
def _inner_places(wording: Wording) -> tuple[int, ...]:
    """The places between two letters of a word, where a character can be slipped in."""
    return tuple(place for word in wording.words for place in range(word.start + 1, word.end))


@lru_cache(maxsize=64)
def _twins(wording: Wording) -> tuple[tuple[int, Sequence[str]], ...]:
    """The letters that have look-alikes: where they stand, and the look-alikes."""
    return tuple(
        (place, HOMOGLYPHS[character])
        for word in wording.words
        for place, character in enumerate(word.text, word.start)
        if character in HOMOGLYPHS
    )


def _slipped_in(source: Source, rng: Random, intensity: float, characters: str) -> Draft | None:
    """One of ``characters`` at each of the picked places inside words."""
    places = _inner_places(source.wording)
    if not places:
        return None
    return Draft(tuple([Edit(at, at, rng.choice(characters)) for at in pick(rng, places, intensity)]))


@operator(FAMILY, "homoglyphs", Kind.PRESERVES_MEANING)
def homoglyphs(source: Source, rng: Random, intensity: float) -> Draft | None:
    """Replaces letters by Cyrillic and Greek letters that look the same."""
    found = _twins(source.wording)
    picked = pick(rng, found, intensity) if found else ()
    return drafted([Edit(place, place + 1, rng.choice(twins)) for place, twins in picked])


@operator(FAMILY, "zero_width", Kind.PRESERVES_MEANING)
def zero_width(source: Source, rng: Random, intensity: float) -> Draft | None:
    """Puts zero-width spaces and joiners inside words; nothing of them is visible."""
    # The joiners among them would change the shape of Arabic and Indic letters.
    kind = "zero_width" if source.text.isascii() else "zero_width_not_joining"
    return _slipped_in(source, rng, intensity, INVISIBLE[kind])


@operator(FAMILY, "soft_hyphen", Kind.PRESERVES_MEANING)
def soft_hyphen(source: Source, rng: Random, intensity: float) -> Draft | None:
    """Puts soft hyphens inside words; they are invisible except at the end of a line."""
    return _slipped_in(source, rng, intensity, INVISIBLE["soft_hyphen"])


@operator(FAMILY, "variation_selectors", Kind.PRESERVES_MEANING)
def variation_selectors(source: Source, rng: Random, intensity: float) -> Draft | None:
    """Puts variation selectors after letters that have no variants; nothing of them is visible."""
    return _slipped_in(source, rng, intensity, INVISIBLE["variation_selectors"])


@operator(FAMILY, "grapheme_joiner", Kind.PRESERVES_MEANING)
def grapheme_joiner(source: Source, rng: Random, intensity: float) -> Draft | None:
    """Puts the invisible combining grapheme joiner inside words."""
    return _slipped_in(source, rng, intensity, INVISIBLE["grapheme_joiner"])


@operator(FAMILY, "tag_characters", Kind.PRESERVES_MEANING)
def tag_characters(source: Source, rng: Random, intensity: float) -> Draft | None:
    """Puts the invisible language tag "en" behind words, in Unicode tag characters."""
    words = source.wording.words
    if not words:
        return None
    tag = "\U000e0001\U000e0065\U000e006e"
    return Draft(tuple(Edit(word.end, word.end, tag) for word in pick(rng, words, intensity)))


@operator(FAMILY, "bidi_controls", Kind.PRESERVES_MEANING)
def bidi_controls(source: Source, rng: Random, intensity: float) -> Draft | None:
    """Wraps words in left-to-right controls; left-to-right text looks the same."""
    words = [word for word in source.wording.words if unicodedata.bidirectional(word.text[0]) == "L"]
    if not words:
        return None
    pairs = (("\u2066", "\u2069"), ("\u202a", "\u202c"), ("\u202d", "\u202c"), ("\u200e", "\u200e"))
    edits: list[Edit] = []
    for word in pick(rng, words, intensity):
        opening, closing = rng.choice(pairs)
        edits += (Edit(word.start, word.start, opening), Edit(word.end, word.end, closing))
    return Draft(tuple(edits))


@operator(FAMILY, "nfd", Kind.PRESERVES_MEANING)
def nfd(source: Source, rng: Random, intensity: float) -> Draft | None:  # noqa: ARG001 - all of it, or nothing
    """Decomposes accented letters (NFD); the text looks the same."""
    return _normalised(source, "NFD")


@operator(FAMILY, "nfc", Kind.PRESERVES_MEANING)
def nfc(source: Source, rng: Random, intensity: float) -> Draft | None:  # noqa: ARG001 - all of it, or nothing
    """Composes letters and their accents (NFC); the text looks the same."""
    return _normalised(source, "NFC")


def _normalised(source: Source, form: str) -> Draft | None:
    if source.text.isascii():
        return None
    is_free = source.wording.is_free
    return drafted(
        Edit(*match.span(), unicodedata.normalize(form, match.group()))  # type: ignore[arg-type] # a str literal
        for match in CHUNK.finditer(source.text)
        if is_free(*match.span()) and not unicodedata.is_normalized(form, match.group())  # type: ignore[arg-type] # as above
    )


@operator(FAMILY, "ligatures", Kind.PRESERVES_MEANING)
def ligatures(source: Source, rng: Random, intensity: float) -> Draft | None:
    """Replaces letter groups such as fi and st by their one-character ligatures."""
    places = [
        Edit(word.start + match.start(), word.start + match.end(), LIGATURES[match.group()])
        for word in source.wording.words
        for match in LIGATURE.finditer(word.text)
    ]
    return Draft(tuple(pick(rng, places, max(intensity, 0.5)))) if places else None


@operator(FAMILY, "unusual_spaces", Kind.PRESERVES_MEANING)
def unusual_spaces(source: Source, rng: Random, intensity: float) -> Draft | None:
    """Replaces spaces by other Unicode spaces, from hair space to ideographic space."""
    gaps = [(start, end) for start, end in source.wording.gaps if source.text[start:end] == " "]
    if not gaps:
        return None
    return Draft(tuple(Edit(start, end, rng.choice(SPACES)) for start, end in pick(rng, gaps, intensity)))


@operator(FAMILY, "combining_marks", Kind.EDGE)
def combining_marks(source: Source, rng: Random, intensity: float) -> Draft | None:
    """Stacks combining marks on letters, so that they overflow the line."""
    places = _inner_places(source.wording)
    if not places:
        return None
    height = 1 + round(7 * intensity)
    firsts = [(at, rng.randrange(len(COMBINING_MARKS))) for at in pick(rng, places, intensity)]
    return Draft(tuple([Edit(at, at, STACK[first : first + height]) for at, first in firsts]))


@operator(FAMILY, "control_characters", Kind.EDGE)
def control_characters(source: Source, rng: Random, intensity: float) -> Draft | None:
    """Puts control characters such as NUL, BEL, backspace and escape between the words."""
    return _between_words(source, rng, intensity, CONTROLS)


@operator(FAMILY, "noncharacters", Kind.EDGE)
def noncharacters(source: Source, rng: Random, intensity: float) -> Draft | None:
    """Puts noncharacters, private-use and replacement characters between the words."""
    return _between_words(source, rng, intensity, NONCHARACTERS)


def _between_words(source: Source, rng: Random, intensity: float, characters: str) -> Draft:
    places = [word.start for word in source.wording.words] or [len(source.text)]
    return Draft(tuple([Edit(at, at, rng.choice(characters)) for at in pick(rng, places, intensity)]))


@operator(FAMILY, "glitch_tokens", Kind.EDGE)
def glitch_tokens(source: Source, rng: Random, intensity: float) -> Draft | None:
    """Appends tokens that are known to confuse models, repeated."""
    token = rng.choice(GLITCH_TOKENS)
    end = len(source.text)
    return Draft((Edit(end, end, token * (1 + round(20 * intensity))),))


@operator(FAMILY, "glitch_repetition", Kind.EDGE)
def glitch_repetition(source: Source, rng: Random, intensity: float) -> Draft | None:
    """Repeats the last letter, mark or word of the prompt far too often."""
    words = source.wording.words
    pieces = [source.text[-1:] or "a", " " + (words[-1].text if words else "a"), "a", " .", "…"]
    end = len(source.text)
    return Draft((Edit(end, end, rng.choice(pieces) * (20 + round(180 * intensity))),))
