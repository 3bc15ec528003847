"""``do not`` and ``don't``: short and long forms, where grammar allows either."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from random import Random

from flakestorm.model.mutation import Edit, Kind
from flakestorm.mutations import tables
from flakestorm.mutations.edits import Options, choose
from flakestorm.mutations.phrasebook import Found, Phrasebook
from flakestorm.mutations.registry import Draft, Source, operator
from flakestorm.mutations.wording import Wording

NOT_AFTER_SHORT = tables.words("and or but when if because so as than for on now at in please")
OWNS = tables.words("a an the my your no any some to this that these those one two three many it")
ASKING = tables.words("do does did don't doesn't didn't can could will would should must may might can't to")
WOULD = tables.words("like love prefer rather want be need say appreciate")
IS_PERFECT = tables.words("been got had gone done become")


@cache
def _long_forms() -> Phrasebook[tuple[str, str]]:
    return Phrasebook({long: (long, short) for long, short in tables.pairs("contractions")})


@cache
def _short_forms() -> Phrasebook[tuple[str, str]]:
    return Phrasebook({short.lower(): (short.lower(), long) for long, short in tables.pairs("contractions")})


def _neighbours(wording: Wording, found: Found[tuple[str, str]]) -> tuple[str, str]:
    """The words before and after ``found`` in its clause, lower-case; empty where a mark comes first."""
    words = wording.words
    before = words[found.first - 1] if found.first else None
    after = words[found.last] if found.last < len(words) else None
    near_before = before is not None and wording.text[before.end : found.start].isspace()
    near_after = after is not None and wording.text[found.end : after.start].isspace()
    return (before.lower if before and near_before else ""), (after.lower if after and near_after else "")


def _may_be_short(long: str, before: str, after: str) -> bool:
    if long.endswith(" not") or long in ("cannot", "let us"):
        return after != ""
    if after in NOT_AFTER_SHORT or not after:
        return False
    if long.endswith(" have"):
        return after not in OWNS and before not in ASKING
    return True


def _may_be_long(short: str, after: str) -> bool:
    if short.endswith("'d"):
        return after in WOULD
    return not (short.endswith("'s") and after in IS_PERFECT)


def _like(found: str, replacement: str) -> str:
    spoken = re.sub(r"\bi\b", "I", replacement)
    if found.isupper() and len(found) > 3:
        return spoken.upper()
    return spoken[:1].upper() + spoken[1:] if found[:1].isupper() else spoken


@lru_cache(maxsize=64)
def _contractible(wording: Wording) -> Options:
    return tuple(
        (_edit(wording, found),)
        for found in _long_forms().find(wording)
        if _may_be_short(found.entry[0], *_neighbours(wording, found))
    )


@lru_cache(maxsize=64)
def _expandable(wording: Wording) -> Options:
    return tuple(
        (_edit(wording, found),)
        for found in _short_forms().find(wording)
        if _may_be_long(found.entry[0], _neighbours(wording, found)[1])
    )


def _edit(wording: Wording, found: Found[tuple[str, str]]) -> Edit:
    return Edit(found.start, found.end, _like(wording.text[found.start : found.end], found.entry[1]))


@operator("paraphrase", "contract", Kind.PRESERVES_MEANING)
def contract(source: Source, rng: Random, intensity: float) -> Draft | None:
    """Shortens forms such as "do not" to "don't"."""
    return choose(rng, _contractible(source.wording), intensity)


@operator("paraphrase", "expand", Kind.PRESERVES_MEANING)
def expand(source: Source, rng: Random, intensity: float) -> Draft | None:
    """Writes forms such as "don't" out as "do not"."""
    return choose(rng, _expandable(source.wording), intensity)
