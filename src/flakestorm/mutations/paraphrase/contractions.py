"""``do not`` and ``don't``: short and long forms, where grammar allows either."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache, lru_cache
from random import Random

from flakestorm.model.mutation import Edit, Kind
from flakestorm.mutations import tables
from flakestorm.mutations.edits import Options, choose
from flakestorm.mutations.registry import Draft, Source, operator
from flakestorm.mutations.wording import Wording

NOT_AFTER_SHORT = tables.words("and or but when if because so as than for on now at in please")
OWNS = tables.words("a an the my your no any some to this that these those one two three many it")
ASKING = tables.words("do does did don't doesn't didn't can could will would should must may might can't to")
WOULD = tables.words("like love prefer rather want be need say appreciate")
IS_PERFECT = tables.words("been got had gone done become")
FOLLOWING = re.compile(r"\s+([\w'’]+)")
BEFORE = re.compile(r"([\w'’]+)\s+$")


@cache
def _long_forms() -> tuple[re.Pattern[str], dict[str, str]]:
    forms = dict(tables.pairs("contractions"))
    return _pattern(forms), forms


@cache
def _short_forms() -> tuple[re.Pattern[str], dict[str, str]]:
    forms: dict[str, str] = {}
    for long, short in tables.pairs("contractions"):
        forms[short.lower()] = "cannot" if short == "can't" else long
    return _pattern(forms), forms


def _pattern(forms: dict[str, str]) -> re.Pattern[str]:
    longest_first = sorted(forms, key=len, reverse=True)
    words = "|".join(form.replace("'", "['’]").replace(" ", r"\s") for form in longest_first)
    return re.compile(rf"(?<![\w'’-])(?:{words})(?![\w'’-])", re.IGNORECASE)


def _neighbours(text: str, start: int, end: int) -> tuple[str, str]:
    # Words are short: a window keeps this independent of the length of the text.
    before = BEFORE.search(text[max(0, start - 40) : start])
    after = FOLLOWING.match(text, end, end + 40)
    return (before[1].lower() if before else ""), (after[1].lower().replace("’", "'") if after else "")


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
    pattern, forms = _long_forms()

    def sites() -> Iterator[tuple[Edit, ...]]:
        for match in pattern.finditer(wording.text):
            long = " ".join(match.group().lower().split())
            if wording.is_free(*match.span()) and _may_be_short(
                long, *_neighbours(wording.text, *match.span())
            ):
                yield (Edit(*match.span(), _like(match.group(), forms[long])),)

    return tuple(sites())


@lru_cache(maxsize=64)
def _expandable(wording: Wording) -> Options:
    pattern, forms = _short_forms()

    def sites() -> Iterator[tuple[Edit, ...]]:
        for match in pattern.finditer(wording.text):
            short = match.group().lower().replace("’", "'")
            after = _neighbours(wording.text, *match.span())[1]
            if wording.is_free(*match.span()) and _may_be_long(short, after):
                yield (Edit(*match.span(), _like(match.group(), forms[short])),)

    return tuple(sites())


@operator("paraphrase", "contract", Kind.PRESERVES_MEANING)
def contract(source: Source, rng: Random, intensity: float) -> Draft | None:
    """Shortens forms such as "do not" to "don't"."""
    return choose(rng, _contractible(source.wording), intensity)


@operator("paraphrase", "expand", Kind.PRESERVES_MEANING)
def expand(source: Source, rng: Random, intensity: float) -> Draft | None:
    """Writes forms such as "don't" out as "do not"."""
    return choose(rng, _expandable(source.wording), intensity)
