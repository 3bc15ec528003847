"""White space of the wrong kind, in the wrong amount, or at the wrong place."""

from __future__ import annotations

from random import Random

from flakestorm.model.mutation import Edit, Kind
from flakestorm.mutations.edits import drafted, pick
from flakestorm.mutations.registry import Draft, Source, operator

NO_BREAK = ("\u00a0", "\u202f", "\u2007")
"""No-break space, narrow no-break space, figure space."""


def _regapped(source: Source, rng: Random, intensity: float, kinds: tuple[str, ...]) -> Draft | None:
    gaps = source.wording.gaps
    if not gaps:
        return None
    text = source.text
    found = ((start, end, rng.choice(kinds)) for start, end in pick(rng, gaps, intensity))
    return drafted(Edit(start, end, kind) for start, end, kind in found if kind != text[start:end])


@operator("noise", "padding", Kind.PRESERVES_MEANING)
def padding(source: Source, rng: Random, intensity: float) -> Draft | None:
    """Adds white space before and after the text."""
    if not source.text:
        return None
    most = 2 + round(intensity * 30)
    before = rng.choice((" ", "\n", "\t")) * rng.randrange(1, most)
    after = rng.choice((" ", "\n", "\t", "\r\n")) * rng.randrange(1, most)
    end = len(source.text)
    return Draft((Edit(0, 0, before), Edit(end, end, after)))


@operator("noise", "extra_spaces", Kind.PRESERVES_MEANING)
def extra_spaces(source: Source, rng: Random, intensity: float) -> Draft | None:
    """Puts several spaces where one belongs."""
    return _regapped(source, rng, intensity, ("  ", "   ", "     "))


@operator("noise", "tabs", Kind.PRESERVES_MEANING)
def tabs(source: Source, rng: Random, intensity: float) -> Draft | None:
    """Puts tabs in the place of spaces."""
    return _regapped(source, rng, intensity, ("\t", "\t\t"))


@operator("noise", "newlines", Kind.PRESERVES_MEANING)
def newlines(source: Source, rng: Random, intensity: float) -> Draft | None:
    """Breaks lines in the middle of a sentence."""
    return _regapped(source, rng, intensity, ("\n", "\r\n", "\n\n"))


@operator("noise", "nbsp", Kind.PRESERVES_MEANING)
def nbsp(source: Source, rng: Random, intensity: float) -> Draft | None:
    """Puts no-break spaces in the place of spaces, as text copied from a web page has them."""
    return _regapped(source, rng, intensity, NO_BREAK)
