"""Semantic similarity attacks: requests that look alike and must be answered differently.

An agent (or a cache in front of it) that goes by resemblance gives the golden answer to them, which is wrong.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache, lru_cache
from itertools import zip_longest
from random import Random

from flakestorm.model.mutation import Edit, Kind
from flakestorm.mutations.edits import around, pick
from flakestorm.mutations.registry import Draft, Source, operator
from flakestorm.mutations.tables import lines, table
from flakestorm.mutations.wording import Wording, in_case_of

FAMILY = "semantic_similarity_attack"
CHANGED = ("answer_changes",)

NUMBER = re.compile(r"(?<!\w)\d+(?!\w)|\d+")
NEGATIVE = re.compile(r"\b(?:not|never)\s+|n['’]t\b", re.IGNORECASE)
IRREGULAR = {"ca": "can", "wo": "will", "sha": "shall"}
"""What is left of can't, won't and shan't without n't, and what was meant."""
AUXILIARY = re.compile(
    r"\b(?:is|are|was|were|am|do|does|did|can|could|will|would|should|may|might|must|has|have|had)\s+"
    r"(?:i|you|we|they|he|she|it)\b(?!['’])",
    re.IGNORECASE,
)
FROM_TO = re.compile(r"\bfrom\s+(\w+)\s+to\s+(\w+)", re.IGNORECASE)
QUESTION = re.compile(
    r"\b(how|when|where|why|who)(?=\s+(?:is|are|was|were|do|does|did|can|could|will|would|should|may|must)\b)",
    re.IGNORECASE,
)
QUESTIONS = {
    "how": ("why", "when"),
    "when": ("where", "why"),
    "where": ("when", "why"),
    "why": ("when", "where"),
    "who": ("when", "where"),
}
PERSONS = {
    "my": ("my neighbour's", "somebody else's"),
    "our": ("their", "our competitor's"),
    "your": ("their", "another company's"),
    "his": ("her", "my"),
    "their": ("our", "his"),
}
NUMBERED = re.compile(
    r"\b(order|invoice|ticket|booking|claim|account|case|flight|room|item|page|chapter|version)"
    r"(?=\s+(?:#|no\.?\s*|number\s+)?\d)",
    re.IGNORECASE,
)


@cache
def _swaps(name: str) -> Mapping[str, tuple[str, ...]]:
    """Word → what it may be swapped for, from one of the word lists."""
    if name == "quantifiers":
        return table(name)
    found: dict[str, list[str]] = {}
    for line in lines(name):
        group = [member.strip() for member in re.split("[=,]", line)]
        for member in group:
            found.setdefault(member.lower(), []).extend(other for other in group if other != member)
    return {word: tuple(dict.fromkeys(others)) for word, others in found.items()}


def _swapped(source: Source, rng: Random, name: str) -> Draft | None:
    """One expression of the word list, swapped; a second swap could give the first meaning back."""
    found = _expressions(source.wording, name)
    if not found:
        return None
    start, end, expression = rng.choice(found)
    new = rng.choice(_swaps(name)[expression])
    return Draft((Edit(start, end, in_case_of(source.text[start:end], new)),))


@lru_cache(maxsize=256)
def _expressions(wording: Wording, name: str) -> tuple[tuple[int, int, str], ...]:
    """(start, end, expression) of the words and pairs of words that the word list ``name`` can swap."""
    swaps = _swaps(name)
    words, text = wording.words, wording.text
    found = []
    paired = 0
    for word, following in zip_longest(words, words[1:]):
        if following is not None and following.start == word.end + 1:
            pair = f"{word.lower} {following.lower}"
            if pair in swaps and text[word.end] == " ":
                paired = following.end
                found.append((word.start, following.end, pair))
        if word.end > paired and word.lower in swaps:
            found.append((word.start, word.end, word.lower))
    return tuple(found)


@operator(FAMILY, "negation", Kind.CHANGES_MEANING, CHANGED)
def negation(source: Source, rng: Random, intensity: float) -> Draft | None:  # noqa: ARG001 - one negation
    """Negates the request, or takes its negation away."""
    text, is_free = source.text, source.wording.is_free
    negative = NEGATIVE.search(text)
    if negative and is_free(*negative.span()):
        return Draft((_affirmed(text, negative),))
    first = source.wording.words[:1]
    if first and first[0].lower in _commands():
        word = first[0]
        return Draft((Edit(word.start, word.start + 1, f"Do not {word.lower[0]}"),))
    asked = AUXILIARY.search(text)
    if asked and is_free(*asked.span()):
        return Draft((Edit(asked.end(), asked.end(), " not"),))
    return around(
        text, rng.choice(("Do not answer this: ", "I do not want to know: ", "Anything but this: ")), ""
    )


def _affirmed(text: str, negative: re.Match[str]) -> Edit:
    """The edit that takes ``negative`` out of ``text``."""
    start, end = negative.span()
    for stump, verb in IRREGULAR.items():
        begin = start - len(stump)
        if negative.group()[0] in "nN" and text[max(begin, 0) : start].lower() == stump:
            return Edit(begin, end, in_case_of(text[begin:start], verb))
    return Edit(start, end, "")


@cache
def _commands() -> frozenset[str]:
    return frozenset(word for line in lines("imperatives") for word in line.split())


@operator(FAMILY, "entity_swap", Kind.CHANGES_MEANING, CHANGED)
def entity_swap(source: Source, rng: Random, intensity: float) -> Draft | None:  # noqa: ARG001 - one thing
    """Swaps the thing that is asked about for another of its kind."""
    return _swapped(source, rng, "entities")


@operator(FAMILY, "antonym", Kind.CHANGES_MEANING, CHANGED)
def antonym(source: Source, rng: Random, intensity: float) -> Draft | None:  # noqa: ARG001 - one word
    """Replaces a word by its opposite."""
    return _swapped(source, rng, "antonyms")


@operator(FAMILY, "quantifier_swap", Kind.CHANGES_MEANING, CHANGED)
def quantifier_swap(source: Source, rng: Random, intensity: float) -> Draft | None:  # noqa: ARG001 - one word
    """Changes how many, how often, in which order or whose."""
    return _swapped(source, rng, "quantifiers")


@operator(FAMILY, "number_swap", Kind.CHANGES_MEANING, CHANGED)
def number_swap(source: Source, rng: Random, intensity: float) -> Draft | None:
    """Changes digits of the numbers, so that another order, amount or date is meant."""
    found = list(NUMBER.finditer(source.text))
    if not found:
        return None
    edits = []
    for match in pick(rng, found, intensity):
        place = match.end() - 1 if rng.random() < 0.5 else rng.randrange(match.start(), match.end())
        # A number that begins with 0 would be read as the one without it.
        choices = "123456789" if place == match.start() else "0123456789"
        edits.append(Edit(place, place + 1, rng.choice(choices.replace(_digit(source.text[place]), ""))))
    return Draft(tuple(edits))


def _digit(character: str) -> str:
    """The ASCII form of a decimal digit of any script."""
    return str(int(character))


@operator(FAMILY, "question_swap", Kind.CHANGES_MEANING, CHANGED)
def question_swap(source: Source, rng: Random, intensity: float) -> Draft | None:  # noqa: ARG001 - one word
    """Asks another question about the same thing: why instead of how, where instead of when."""
    match = QUESTION.search(source.text)
    if match is None or match[1].lower() not in QUESTIONS or not source.wording.is_free(*match.span()):
        return None
    return Draft((Edit(*match.span(), in_case_of(match[1], rng.choice(QUESTIONS[match[1].lower()]))),))


@operator(FAMILY, "person_swap", Kind.CHANGES_MEANING, CHANGED)
def person_swap(source: Source, rng: Random, intensity: float) -> Draft | None:  # noqa: ARG001 - one word
    """Asks about what belongs to somebody else: another one's password, not the user's."""
    found = [word for word in source.wording.words if word.lower in PERSONS]
    if not found:
        return None
    word = rng.choice(found)
    return Draft((Edit(word.start, word.end, in_case_of(word.text, rng.choice(PERSONS[word.lower]))),))


@operator(FAMILY, "exception", Kind.CHANGES_MEANING, CHANGED)
def exception(source: Source, rng: Random, intensity: float) -> Draft | None:  # noqa: ARG001 - one exception
    """Asks about every other thing of its kind than the one with the number."""
    found = list(NUMBERED.finditer(source.text))
    if not found:
        return None
    match = rng.choice(found)
    wording = rng.choice(("every {} except", "any {} but", "all of my {}s apart from"))
    return Draft((Edit(*match.span(), wording.format(match[1].lower())),))


@operator(FAMILY, "direction_swap", Kind.CHANGES_MEANING, CHANGED)
def direction_swap(source: Source, rng: Random, intensity: float) -> Draft | None:  # noqa: ARG001 - one pair
    """Exchanges where from and where to."""
    found = [match for match in FROM_TO.finditer(source.text) if match[1] != match[2]]
    if not found:
        return None
    match = rng.choice(found)
    return Draft((Edit(*match.span(1), match[2]), Edit(*match.span(2), match[1])))
