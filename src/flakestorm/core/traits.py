"""What a disturbed text has that an agent could stumble over: a search sends first what nobody saw yet.

Traits are read from the text alone, so operators of plugins, templates of users and compositions have them
as well. They are general on purpose: kinds of characters, sizes, edges, shapes of markup and code, numbers,
lost and new words.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from flakestorm.core.trait_shapes import SHAPES
from flakestorm.model.mutation import Mutation
from flakestorm.model.prompt import GoldenPrompt

Trait = tuple[str, "str | int"]
"""(group, which one): ("shape", "code fence"), ("length", 12) for 2¹² characters or more."""

READ = 1000
"""So many characters at each end of a text are read; lengths are those of the whole."""
WORDS = 25
"""No more new words than this are told apart: a story is not worth more than everything else."""
KNOWN = 40
"""So many characters at either end of a golden prompt show where it stands in a longer text."""
SHORT = (0, 1, 2, 4, 8, 16)
LATIN, ASCII, PLANE = 0x100, 0x80, 0x10000

WORD = re.compile(r"[^\W\d_]+")
NUMBER = re.compile(r"\d+(?:[.,:/-]\d+)*")
REPEATED = re.compile(r"(\S)\1{3,}")
BRACKET = re.compile(r"[\[\](){}<>]")


@dataclass(frozen=True)
class Reading:
    """What a text has by itself, its words in small letters, and the numbers in it."""

    traits: frozenset[Trait]
    words: frozenset[str]
    numbers: frozenset[str]


def traits(prompt: GoldenPrompt, mutation: Mutation) -> frozenset[Trait]:
    """What ``mutation`` has and its golden prompt has not."""
    before, after = _known(prompt.text), _read(mutation.text)
    found = set(after.traits - before.traits)
    found.update(("word", word) for word in sorted(after.words - before.words)[:WORDS])
    lost = before.words - after.words
    found.update(("lost word", word) for word in lost)
    if lost:
        found.update(("lost fifths", fifth) for fifth in range(5 * len(lost) // len(before.words)))
    found.update(("lost number", number) for number in before.numbers if number not in mutation.text)
    found.update(_surroundings(prompt.text.strip(), mutation.text))
    if len(mutation.turns) > len(prompt.turns):
        found.add(("form", "more turns"))
    found.update({("type", mutation.type), ("operator", mutation.operator)})
    return frozenset(found)


@lru_cache(maxsize=256)
def _known(text: str) -> Reading:
    return _read(text)


def _read(text: str) -> Reading:
    ends = text if len(text) <= 2 * READ else f"{text[:READ]}\n{text[-READ:]}"
    numbers = frozenset(NUMBER.findall(ends))
    found: set[Trait] = {("shape", name) for name, pattern in SHAPES.items() if pattern.search(ends)}
    found.update(_sizes(text, ends))
    found.update(_edges(text))
    found.update(_case(ends))
    for character in set(ends):
        found.update(_of_character(character))
    found.update(("number form", re.sub(r"\d", "9", number)[:12]) for number in numbers)
    found.update(("numbers", power) for power in _powers(len(numbers)))
    return Reading(frozenset(found), frozenset(map(str.lower, WORD.findall(ends))), numbers)


def _powers(size: int) -> range:
    """The powers of two up to ``size``: what is long is also longer than all that is shorter."""
    return range(size.bit_length())


def _sizes(text: str, ends: str) -> Iterator[Trait]:
    sizes = {
        "length": len(text),
        "lines": text.count("\n"),
        "repetition": max((match.end() - match.start() for match in REPEATED.finditer(ends)), default=0),
        "long word": max(map(len, ends.split()), default=0),
        "depth": _depth(ends),
    }
    for group, size in sizes.items():
        for power in _powers(size):
            yield group, power
    for most in SHORT:
        if len(text) <= most:
            yield "short", most


def _depth(text: str) -> int:
    """How deep brackets of any kind are nested; what closes none counts for nothing."""
    depth = deepest = 0
    for bracket in BRACKET.findall(text):
        depth = depth + 1 if bracket in "([{<" else max(0, depth - 1)
        deepest = max(deepest, depth)
    return deepest


def _edges(text: str) -> Iterator[Trait]:
    stripped = text.strip()
    if not stripped:
        yield "edge", "blank" if text else "empty"
        return
    if text[0].isspace():
        yield "edge", f"begins with U+{ord(text[0]):04X}"
    if text[-1].isspace():
        yield "edge", f"ends with U+{ord(text[-1]):04X}"
    last = stripped[-1]
    if last not in ".?!":
        yield "edge", "no closing mark"
    yield "last character", "letter or digit" if last.isalnum() else last
    first = WORD.search(stripped[:READ])
    yield "first word", first.group()[:KNOWN].lower() if first else ""


def _case(text: str) -> Iterator[Trait]:
    letters = [character for character in text if character.isalpha()]
    if letters:
        upper = sum(map(str.isupper, letters)) / len(letters)
        if upper > 0.8:
            yield "case", "upper"
        elif upper == 0:
            yield "case", "lower"


@lru_cache(maxsize=8192)
def _of_character(character: str) -> tuple[Trait, ...]:
    """Of ASCII every sign counts, but letters, digits and the space do not; of the rest mostly the kind."""
    code = ord(character)
    if code < ASCII:
        return () if character.isalnum() or character == " " else (("sign", code),)
    found: list[Trait] = [
        ("script", code if code < LATIN else code >> 7),
        ("category", unicodedata.category(character)),
        ("alphabet", "not ASCII"),
    ]
    if code >= LATIN:
        found.append(("alphabet", "not Latin-1"))
    if code >= PLANE:
        found.append(("alphabet", "beyond the basic plane"))
    if unicodedata.combining(character):
        found.append(("alphabet", "combining"))
    if unicodedata.normalize("NFKC", character) != character:
        found.append(("alphabet", "another form"))
    return tuple(found)


def _surroundings(prompt: str, text: str) -> Iterator[Trait]:
    """How much stands before the prompt and behind it, and whether it stands there more than once."""
    if not prompt:
        return
    first, last = text.find(prompt[:KNOWN]), text.rfind(prompt[-KNOWN:])
    for power in _powers(first) if first >= 0 else ():
        yield "before", power
    if last >= 0:
        for power in _powers(len(text) - last - len(prompt[-KNOWN:])):
            yield "behind", power
        if text.find(prompt[-KNOWN:]) < last:
            yield "form", "repeated"
