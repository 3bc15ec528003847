"""The same number, date, unit or amount of money, written another way."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from random import Random

from flakestorm.model.mutation import Edit, Kind
from flakestorm.mutations.dates import dates, formats
from flakestorm.mutations.edits import Options, choose
from flakestorm.mutations.numerals import NUMBER_WORDS, in_words
from flakestorm.mutations.registry import Draft, Source, operator
from flakestorm.mutations.units import AMBIGUOUS, PAIRS, SYMBOLS

# A number may become a word only where it counts things: not in ids, versions, dates, times or lists.
COUNT = re.compile(
    r"(?<![\w.,:/#$€£¥+\-])\d{1,3}(?=\s+[a-z]{3,}\b)(?!\s+(?:percent|and|from|into|for|with|plus|minus|times|divided|per|the)\b)"
)
NAMED = re.compile(
    r"\b(?:order|ticket|invoice|number|no|nr|id|room|flight|page|chapter|section|version|step|level|line|"
    r"account|case|code|highway|route|gate|model|on|at|in|may|june|july|march|april|august|jan|feb|mar|apr|jun|"
    r"jul|aug|sep|sept|oct|nov|dec|january|february|september|october|november|december)\.?:?\s*#?$",
    re.IGNORECASE,
)
WORDS = re.compile(
    rf"(?<![\w'’-])(?:{'|'.join(NUMBER_WORDS)})(?![\w'’-])(?=\s+[a-z]{{3,}}s\b)", re.IGNORECASE
)


@lru_cache(maxsize=64)
def _digit_sites(text: str) -> Options:
    return tuple(
        (Edit(*match.span(), in_words(int(match.group()))),)
        for match in COUNT.finditer(text)
        if not NAMED.search(text[max(0, match.start() - 20) : match.start()])
    )


@lru_cache(maxsize=64)
def _word_sites(text: str) -> Options:
    return tuple(
        (Edit(*match.span(), str(NUMBER_WORDS[match.group().lower()])),) for match in WORDS.finditer(text)
    )


@lru_cache(maxsize=64)
def _date_sites(text: str) -> Options:
    return tuple(
        tuple(Edit(start, end, other) for other in formats(day) if other != text[start:end])
        for start, end, day in dates(text)
    )


@cache
def _units() -> tuple[re.Pattern[str], dict[str, str]]:
    others = dict(PAIRS) | {long: short for short, long in PAIRS if long not in AMBIGUOUS}
    names = "|".join(re.escape(name) for name in sorted(others, key=len, reverse=True))
    signs = "".join(SYMBOLS)
    number = r"\d+(?:,\d{3})*(?:\.\d+)?"
    return re.compile(
        rf"(?<![\w.,$€£¥])(?:(?P<amount>{number})(?P<gap>\s?)(?P<unit>{names})(?!\w)"
        rf"|(?P<sign>[{signs}])(?P<money>{number})(?![\w.,]*\d|\s?(?:k|m|bn|million|billion|thousand)\b))"
    ), others


@lru_cache(maxsize=64)
def _unit_sites(text: str) -> Options:
    pattern, others = _units()
    sites = []
    for match in pattern.finditer(text):
        if match["sign"]:
            unit = SYMBOLS[match["sign"]]
            name = unit[:-1] if match["money"] == "1" and unit != "yen" else unit
            sites.append((Edit(*match.span(), f"{match['money']} {name}"), *_regrouped(match, "money")))
        # "1 kilometres" is no English, so amounts of one are left alone.
        elif match["amount"] != "1":
            other = others[match["unit"]]
            gap = "" if other in ("%", "°C", "°F") else " "
            start, end = match.end("amount"), match.end()
            sites.append((Edit(start, end, f"{gap}{other}"), *_regrouped(match, "amount")))
    return tuple(sites)


def _regrouped(match: re.Match[str], group: str) -> tuple[Edit, ...]:
    """The edit that writes an amount from 1000 on with separators of thousands, or without them."""
    whole, point, rest = match[group].partition(".")
    if len(whole) < 4 or whole.startswith("0"):
        return ()
    other = whole.replace(",", "") if "," in whole else f"{int(whole):,}"
    return (Edit(*match.span(group), f"{other}{point}{rest}"),)


@operator("paraphrase", "number_to_word", Kind.PRESERVES_MEANING, touches_protected=True)
def number_to_word(source: Source, rng: Random, intensity: float) -> Draft | None:
    """Writes counts as words: "3 items" as "three items"."""
    return choose(rng, _digit_sites(source.text), intensity)


@operator("paraphrase", "word_to_number", Kind.PRESERVES_MEANING, touches_protected=True)
def word_to_number(source: Source, rng: Random, intensity: float) -> Draft | None:
    """Writes counts as digits: "three items" as "3 items"."""
    return choose(rng, _word_sites(source.text), intensity)


@operator("paraphrase", "date_format", Kind.PRESERVES_MEANING, touches_protected=True)
def date_format(source: Source, rng: Random, intensity: float) -> Draft | None:
    """Writes dates in another format that means the same day."""
    return choose(rng, _date_sites(source.text), intensity)


@operator("paraphrase", "unit_format", Kind.PRESERVES_MEANING, touches_protected=True)
def unit_format(source: Source, rng: Random, intensity: float) -> Draft | None:
    """Writes amounts another way: "5 km" as "5 kilometres", "1250 km" as "1,250 km"."""
    return choose(rng, _unit_sites(source.text), intensity)
