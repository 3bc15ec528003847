"""What is wrong with a configuration file, as one message that shows every problem at its line."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass

from flakestorm.model.errors import ConfigError

KeyPath = tuple[str | int, ...]
"""Where a value is: ``("invariants", 2, "value")``."""

MOST_SHOWN = 50
WIDEST_LINE = 100

_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Place:
    """A stretch of one line; ``line`` and ``column`` count from 1, ``width`` is in characters."""

    line: int
    column: int
    width: int = 1


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong. ``secret`` keeps its line out of the message."""

    message: str
    path: KeyPath = ()
    place: Place | None = None
    secret: bool = False


def dotted(path: KeyPath) -> str:
    """``invariants[2].value`` for ``("invariants", 2, "value")``."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text


def config_error(
    name: str, lines: Sequence[str], problems: Iterable[Problem], untold: int = 0
) -> ConfigError:
    """One error for all ``problems`` of the file called ``name``, in the order of its ``lines``.

    ``untold`` is how many more there are that nobody looked at.
    """
    ordered = sorted(set(problems), key=_position)
    secret_lines = {problem.place.line for problem in ordered if problem.secret and problem.place}
    shown = [_render(name, lines, problem, secret_lines) for problem in ordered[:MOST_SHOWN]]
    count = len(ordered) + untold
    if count > 1:
        shown.insert(0, f"{name}: {count:,} problems")
    if count > MOST_SHOWN:
        shown.append(f"… and {count - MOST_SHOWN:,} more")
    return ConfigError("\n\n".join(shown))


def printable(text: str) -> str:
    """``text`` with everything that could confuse a terminal replaced, one character for one."""
    return _UNPRINTABLE.sub("·", text.replace("\t", " "))


def _position(problem: Problem) -> tuple[int, int, str, str]:
    place = problem.place or Place(0, 0)
    return place.line, place.column, dotted(problem.path), problem.message


def _render(name: str, lines: Sequence[str], problem: Problem, secret_lines: Container[int]) -> str:
    place, path = problem.place, dotted(problem.path)
    where = f"{name}:{place.line}:{place.column}" if place else name
    head = printable(f"{where}  {path}: " if path else f"{where}: ") + problem.message
    if place is None or place.line in secret_lines or place.line > len(lines):
        return head
    return f"{head}\n{_excerpt(lines[place.line - 1], place)}"


def _excerpt(line: str, place: Place) -> str:
    # A line can be megabytes long (a prompt), so only the surroundings of the place are shown.
    start = max(0, place.column - 1 - WIDEST_LINE // 2) if len(line) > WIDEST_LINE else 0
    text = printable(line[start : start + WIDEST_LINE]).rstrip()
    offset = place.column - 1 - start
    carets = "^" * max(1, min(place.width, len(text) - offset))
    number = f"{place.line:>5}"
    return f"{number} | {text}\n{' ' * len(number)} | {' ' * offset}{carets}"
