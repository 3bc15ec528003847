"""The Markdown report: it tells the story, fits a comment, and hostile text stays text."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import replace
from types import ModuleType
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from flakestorm.model.finding import Finding
from flakestorm.model.minimal import Minimal
from flakestorm.model.run import Run, TypeRow
from flakestorm.model.verdict import Severity
from flakestorm.reports.markdown import write_markdown
from flakestorm.reports.markdown_text import cell, code, prose

PARSER = MarkdownIt("commonmark").enable("table")
LONGEST_COMMENT = 65_536


def written(run: Run) -> str:
    """The report."""
    out = io.BytesIO()
    write_markdown(run, out)
    return out.getvalue().decode()


def tokens(text: str) -> Iterator[Token]:
    """Everything that a reader of Markdown sees in ``text``."""
    for token in PARSER.parse(text):
        yield token
        yield from token.children or ()


def shown(text: str) -> str:
    """What is to be read, markup aside."""
    return "".join(token.content for token in tokens(text) if token.type in ("text", "code_inline"))


@pytest.mark.parametrize("which", ["run", "hostile_run"])
def test_report_has_no_foreign_markup(which: str, request: pytest.FixtureRequest) -> None:
    """No link, no image and no HTML but the comment that keeps references apart; every table row is whole."""
    text = written(request.getfixturevalue(which))
    found = list(tokens(text))
    kinds = {token.type for token in found}
    assert not kinds & {"link_open", "image", "html_block", "fence", "code_block", "blockquote_open"}
    assert {token.content for token in found if token.type == "html_inline"} <= {"<!-- -->"}
    headings = [token for token in found if token.type == "heading_open"]
    assert len(headings) == len(re.findall(r"^#", text, re.MULTILINE))
    rows = sum(token.type == "tr_open" for token in found)
    cells = sum(token.type in ("td_open", "th_open") for token in found)
    assert cells == 7 * rows
    assert not set(text) & {"\x1b", "\x00", "\u202e", "\u200b", "\u2028"}


def test_story(run: Run) -> None:
    """Verdict, causes with example and command, types, prompts, findings, and how it was measured."""
    text = shown(written(run))
    cause = run.causes[0]
    assert run.assessment.headline in text
    assert cause.title in text
    assert f"flakestorm run --only trial:{cause.example.trial.id}" in text
    for part in (
        "flakestorm: Fell short",
        "By mutation type",
        "prompt_injection",
        "book a table",
        run.info.id,
    ):
        assert part in text
    assert "Retries a failed tool call 14 times without waiting" in text
    assert run.info.notes[0] in text


def test_branch_partial_and_minimal(run: Run, fake: ModuleType) -> None:
    """What only some runs have: a branch, an early end, a reduced failure, scenarios."""
    cause = run.causes[0]
    minimal = Minimal(cause.rule, "noise.op", "x", cause.example, "a", (), "clause", 12, 3, 3)
    info = replace(run.info, branch="fix/it", commit="4f2a" * 10, status="partial")
    text = shown(written(replace(run, info=info, causes=(replace(cause, minimal=minimal),))))
    assert "branch fix/it, commit 4f2a4f2a4f2a" in text
    assert "flakestorm: Partial: fell short" in text
    assert "smallest input found in 12 calls" in text
    assert "hostile_tools" in shown(written(fake.make_chaos_run()))


def test_quiet_run_is_short(run: Run) -> None:
    """Sections without content are left out."""
    text = written(replace(run, causes=(), findings=(), by_type=(), by_prompt=()))
    assert re.findall(r"^## (.*)$", text, re.MULTILINE) == ["How it was measured"]


def test_long_run_fits_a_comment(run: Run) -> None:
    """However much there is to tell, a comment on GitHub can take it."""
    cause, long = run.causes[0], "*`|" * 5000
    record = replace(cause.example, outcome=replace(cause.example.outcome, reply=long))
    many = tuple(replace(cause, title=f"{number} {long}", example=record) for number in range(60))
    findings = tuple(Finding("k", Severity.LOW, long, long) for _ in range(60))
    rows = tuple(TypeRow(f"t{number}", 1.0, run.totals, None) for number in range(24))
    text = written(replace(run, causes=many, findings=findings, by_type=rows, by_prompt=run.by_prompt * 9))
    assert len(text) < LONGEST_COMMENT
    assert "… and 40 more." in text


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("plain", "`plain`"),
        ("a`b", "``a`b``"),
        ("`", "`` ` ``"),
        (" x", "`  x `"),
        ("", "(empty)"),
        ("  ", "(2 spaces)"),
        ("a\nb\u200b", "`a⏎bU+200B`"),
    ],
)
def test_code_spans(text: str, made: str) -> None:
    """Backticks, spaces at the ends, line ends and nothing at all."""
    assert code(text) == made


@pytest.mark.parametrize(
    "text", ["@team look", "fixes #12", "see https://evil.example", "www.evil.example", "!7"]
)
def test_prose_makes_no_references(text: str) -> None:
    """Mentions, issues and addresses are kept apart, and read the same."""
    made = prose(text)
    assert "<!-- -->" in made
    assert shown(made) == text


TEXTS = st.text(
    st.sampled_from("\\`*_{}[]()<>#+-.!|~&^$=:@/ \nab1\t\u200b\ud800") | st.characters(), max_size=25
)


@settings(max_examples=150, deadline=None)
@given(text=TEXTS)
@example("[a](http://b)")
@example("- x\n# y")
@example("&amp; <b>")
@example("a\\|b")
def test_any_text_stays_text(text: str) -> None:
    """As running text, as code, and in a table's cell: no token but text comes of it."""
    allowed = {"text", "html_inline", "text_special", "inline", "paragraph_open", "paragraph_close"}
    made = f"Told: {prose(text)}"
    assert {token.type for token in tokens(made)} <= allowed
    spans = [t.content for t in tokens(f"x {code(text)} y") if t.type == "code_inline"]
    assert len(spans) == (1 if text.strip(" ") else 0)
    table = list(tokens(f"| a | b |\n|---|---|\n| {cell(text)} | 1 |"))
    assert [t.type for t in table].count("td_open") == 2
    assert table[-6].content == "1"


def test_report_of_any_title_is_markup_free(template: Any) -> None:
    """The whole of it, with a title that tries everything at once."""
    nasty = "**b** [l](http://x) ![i](y) <script> `c` | # h\n- i @me #1"
    cause = replace(template.run.causes[0], title=nasty)
    found = {t.type for t in tokens(written(replace(template.run, causes=(cause,))))}
    assert not found & {"link_open", "image", "html_block"}
