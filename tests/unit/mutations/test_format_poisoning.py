"""Format poisoning: a wrapped prompt comes out of its document as it was."""

from __future__ import annotations

import csv
import io
import json
import re
import sqlite3
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from random import Random

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

import flakestorm.mutations.builtin  # noqa: F401 - registers the operators
from flakestorm.model.mutation import Kind, apply_edits
from flakestorm.mutations.format_poisoning import WRAPPINGS, unbalanced_brackets
from flakestorm.mutations.registry import Source, operators

TEXTS = st.text(
    st.characters(min_codepoint=32, max_codepoint=0x2FFF, exclude_categories=["Cs", "Cc", "Zl", "Zp"])
)
slowly = settings(max_examples=40, deadline=None)


def wrapped(name: str, text: str, seed: int, protected: tuple[tuple[int, int], ...] = ()) -> str | None:
    """What the operator makes of ``text``."""
    draft = operators.get(f"format_poisoning.{name}").function(Source(text, protected), Random(seed), 0.3)
    return None if draft is None else apply_edits(text, draft.edits)


def strings(value: object) -> list[str]:
    """All strings inside a parsed document."""
    if isinstance(value, dict):
        return [found for part in value.values() for found in strings(part)]
    if isinstance(value, list):
        return [found for part in value for found in strings(part)]
    return [value] if isinstance(value, str) else []


@slowly
@given(text=TEXTS, seed=st.integers(0, 9))
def test_json_parses_to_the_prompt(text: str, seed: int) -> None:
    """Quotation marks, backslashes and line ends are escaped."""
    made = wrapped("json_wrapped", f'"{text}\\\n\t', seed)
    assert made is not None
    assert f'"{text}\\\n\t' in strings(json.loads(made))


@slowly
@given(text=TEXTS.filter(lambda text: text.isprintable()), seed=st.integers(0, 9))
def test_yaml_parses_to_the_prompt(text: str, seed: int) -> None:
    """The same escapes serve in YAML."""
    made = wrapped("yaml_wrapped", text, seed)
    assert made is not None
    assert text in strings(yaml.safe_load(made))


@slowly
@given(text=TEXTS, seed=st.integers(0, 9))
def test_xml_parses_to_the_prompt(text: str, seed: int) -> None:
    """Angle brackets and ampersands are escaped."""
    made = wrapped("xml_wrapped", f"<&>{text}", seed)
    assert made is not None
    assert f"<&>{text}" in "".join(ET.fromstring(made).itertext())


@slowly
@given(text=TEXTS, seed=st.integers(0, 9))
def test_html_shows_the_prompt(text: str, seed: int) -> None:
    """A browser would show the prompt and interpret nothing in it."""
    shown: list[str] = []
    parser = HTMLParser()
    parser.handle_data = shown.append  # type: ignore[method-assign] # a parser for one test
    parser.feed(wrapped("html_wrapped", f"<b>&amp;{text}", seed) or "")
    parser.close()
    assert f"<b>&amp;{text}" in "".join(shown)


@slowly
@given(text=TEXTS, seed=st.integers(0, 9))
def test_csv_cell_is_the_prompt(text: str, seed: int) -> None:
    """Quotation marks are doubled."""
    made = wrapped("csv_wrapped", f'"{text},;', seed)
    assert made is not None
    rows = list(csv.reader(io.StringIO(made), delimiter=";" if made.startswith("question;") else ","))
    assert f'"{text},;' in rows[1]


@slowly
@given(text=TEXTS, seed=st.integers(0, 9))
def test_sql_string_is_the_prompt(text: str, seed: int) -> None:
    """A database that runs the statement gets the prompt as it was."""
    made = wrapped("sql_wrapped", f"'{text}", seed)
    assert made is not None
    literal = re.search(r"'(?:[^']|'')*'", made)
    assert literal is not None
    assert sqlite3.connect(":memory:").execute(f"SELECT {literal.group()}").fetchone() == (f"'{text}",)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("latex_wrapped", "50% of $20 & more_{x} ~^\\ #1"),
        ("markdown_wrapped", "one\ntwo"),
        ("markdown_fence_wrapped", "one\ntwo"),
        ("ansi_wrapped", "one"),
    ],
)
def test_other_wrappings(name: str, text: str) -> None:
    """Exact texts for the formats without a parser at hand."""
    expected = {
        "latex_wrapped": (
            "\\begin{document}\n50\\% of \\$20 \\& more\\_\\{x\\} \\textasciitilde{}\\textasciicircum{}"
            "\\textbackslash{} \\#1\n\\end{document}"
        ),
        "markdown_wrapped": "| Question |\n|---|\n| one two |",
        "markdown_fence_wrapped": "~~~text\none\ntwo\n~~~",
        "ansi_wrapped": "\x1b[31mone\x1b[0m",
    }[name]
    assert expected in {wrapped(name, text, seed) for seed in range(20)}


def test_each_escape_is_an_edit_of_its_own() -> None:
    """So that a failing mutation can be reduced edit by edit."""
    info = operators.get("format_poisoning.json_wrapped")
    draft = info.function(Source('say "hi"'), Random(0), 0.3)
    assert draft is not None
    assert [(edit.start, edit.end) for edit in draft.edits] == [(0, 0), (4, 5), (7, 8), (8, 8)]


def test_protected_text_is_not_escaped() -> None:
    """A quoted string has to stay byte for byte; rather no mutation than another one."""
    assert wrapped("json_wrapped", 'say "hi"', 0, ((4, 8),)) is None
    assert wrapped("csv_wrapped", "say `hi`", 0, ((4, 8),)) is not None


def test_wrappings_and_placeholders_keep_the_meaning() -> None:
    """The right answer is still expected of a prompt in markup."""
    kinds = {
        name.partition(".")[2]: info.kind
        for name, info in operators.items()
        if info.type == "format_poisoning"
    }
    keeping = {name for name, kind in kinds.items() if kind is Kind.PRESERVES_MEANING}
    assert keeping >= {
        *WRAPPINGS,
        "empty_braces",
        "double_braces",
        "percent_placeholders",
        "dollar_placeholders",
    }


@pytest.mark.parametrize(
    "name", ["empty_braces", "double_braces", "percent_placeholders", "dollar_placeholders"]
)
def test_placeholders_stay_as_they_are(name: str) -> None:
    """What breaks a careless template is sent literally."""
    made = {wrapped(name, "Hi", seed) for seed in range(40)}
    sign = {
        "empty_braces": "{}",
        "double_braces": "{{}}",
        "percent_placeholders": "%s",
        "dollar_placeholders": "${}",
    }
    assert f"Hi {sign[name]}" in made


@pytest.mark.parametrize(("intensity", "number"), [(0.0, 1), (1.0, 7)])
def test_unbalanced_brackets(intensity: float, number: int) -> None:
    """More of them at a higher intensity, and none is closed."""
    draft = unbalanced_brackets(Source("Hi"), Random(0), intensity)
    assert draft is not None
    assert re.fullmatch(r" [(\[{<\"'`]+", draft.edits[0].replacement)
    assert len(draft.edits[0].replacement) == number + 1
