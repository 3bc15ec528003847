"""Exceptions of agent code as text: short, on one line where that is promised, and never failing."""

from __future__ import annotations

import linecache

import pytest

from flakestorm.agents.tracebacks import headline, last_lines


class Unprintable(Exception):
    """An exception whose message cannot be made."""

    def __str__(self) -> str:
        raise RuntimeError("no text")


def caught(error: KeyError) -> KeyError:
    """``error`` with a traceback."""
    try:
        raise error
    except KeyError as raised:
        return raised


def test_headline_is_one_short_line() -> None:
    """Line breaks become spaces, and long messages are cut."""
    assert headline(ValueError("a\n  b")) == "ValueError: a b"
    assert len(headline(ValueError("x" * 5000))) == 300


def test_headline_of_an_unprintable_exception() -> None:
    """An exception that cannot be printed is still named."""
    assert "Unprintable" in headline(Unprintable())


def test_last_lines_name_the_place() -> None:
    """The file, the function and the message are there."""
    text = last_lines(caught(KeyError("city")))
    assert "test_tracebacks.py" in text
    assert text.endswith("KeyError: 'city'")


def test_last_lines_are_bounded() -> None:
    """A long message and deep frames stay below the limit."""

    def deep(level: int) -> None:
        if level == 0:
            raise ValueError("y" * 5000)
        deep(level - 1)

    with pytest.raises(ValueError, match="yyy") as raised:
        deep(50)
    assert len(last_lines(raised.value)) < 2100


def test_long_source_lines_are_cut_at_a_line() -> None:
    """When frames are too long, the first one left is whole."""
    source = "def f():\n    raise ValueError(" + "'" + "z" * 900 + "')\n"
    scope: dict[str, object] = {}
    linecache.cache["<long>"] = (len(source), None, source.splitlines(keepends=True), "<long>")
    exec(compile(source, "<long>", "exec"), scope)
    with pytest.raises(ValueError, match="zzz") as raised:
        scope["f"]()  # type: ignore[operator]  # the function was made by exec
    assert last_lines(raised.value).startswith("  …\n")
