"""Word lists beside the code: plain text, read when first needed and kept."""

from __future__ import annotations

from functools import cache
from importlib.resources import files


def words(text: str) -> frozenset[str]:
    """The words of ``text``, for sets that read better as a sentence."""
    return frozenset(text.split())


@cache
def lines(name: str) -> tuple[str, ...]:
    """The lines of ``data/<name>.txt`` without blank ones and those that start with ``#``."""
    text = (files("flakestorm.mutations") / "data" / f"{name}.txt").read_text("utf-8")
    stripped = (line.strip() for line in text.splitlines())
    return tuple(line for line in stripped if line and not line.startswith("#"))


@cache
def table(name: str) -> dict[str, tuple[str, ...]]:
    """``key: value | value`` lines as a mapping."""
    rows = (line.split(":", 1) for line in lines(name))
    return {key.strip(): tuple(value.strip() for value in values.split("|")) for key, values in rows}


@cache
def sections(name: str) -> dict[str, tuple[str, ...]]:
    """The lines under each ``[heading]``; those before the first heading under an empty one."""
    found: dict[str, list[str]] = {"": []}
    heading = ""
    for line in lines(name):
        if line.startswith("[") and line.endswith("]"):
            heading = line[1:-1]
            found[heading] = []
        else:
            found[heading].append(line)
    return {key: tuple(values) for key, values in found.items()}


Pairs = tuple[tuple[str, str], ...]


@cache
def pairs(name: str, heading: str = "") -> Pairs:
    """(word, replacement) pairs of a list, or of one section of it.

    In ``a = b = c`` each can replace each other one, in ``a > b = c`` only the first is replaced. Members may
    list their forms as ``go/goes/going``: the first forms belong together, the second, and so on.
    """
    found: dict[tuple[str, str], None] = {}
    for line in sections(name)[heading]:
        left, arrow, right = line.partition(">")
        members = [
            [form.strip() for form in member.split("/")] for member in (right if arrow else left).split("=")
        ]
        first = [[form.strip() for form in left.split("/")]] if arrow else members
        for source in first:
            for target in members:
                if source is not target:
                    found.update(dict.fromkeys(zip(source, target, strict=True)))
    return tuple(found)


def by_word(some: Pairs) -> dict[str, tuple[str, ...]]:
    """Pairs gathered by their first member."""
    found: dict[str, list[str]] = {}
    for word, replacement in some:
        found.setdefault(word, []).append(replacement)
    return {word: tuple(replacements) for word, replacements in found.items()}
