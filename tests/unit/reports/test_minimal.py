"""Minimal inputs in every report: the guilty part is marked, and everything comes back from JSON."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from io import BytesIO, StringIO
from pathlib import Path

import pytest
from rich.console import Console

from flakestorm.model.minimal import Minimal
from flakestorm.model.mutation import Edit, Kind, Mutation, apply_edits
from flakestorm.model.run import Run
from flakestorm.model.trial import Trial
from flakestorm.reports.formats import write_report
from flakestorm.reports.guilty_part import evidence_of, marked
from flakestorm.reports.json_report import read_json_report, write_json
from flakestorm.reports.terminal import print_run

MakeMinimal = Callable[..., Minimal]


@pytest.fixture
def minimal(run: Run) -> MakeMinimal:
    """Makes the minimal input that ``edits`` make of ``before``, for the run's first cause."""
    example = run.causes[0].example

    def make(before: str, *edits: Edit, failed: int = 3, earlier: tuple[str, ...] = ()) -> Minimal:
        turns = (*earlier, apply_edits(before, edits))
        prompt = example.trial.prompt
        mutation = Mutation("noise", "noise.op", turns, Kind.PRESERVES_MEANING, 0, 0.3, edits)
        record = replace(example, trial=Trial.of(prompt, mutation))
        rule = run.causes[0].rule
        return Minimal(rule, "noise.op", example.trial.id, record, before, edits, "clause", 12, 3, failed)

    return make


def with_minimal(run: Run, minimal: Minimal) -> Run:
    """``run`` with it in its first cause."""
    first = replace(run.causes[0], minimal=minimal, operators=("noise.op", "tone_shift.op"))
    return replace(run, causes=(first, *run.causes[1:]))


@pytest.mark.parametrize(
    ("before", "edits", "shown"),
    [
        ("Where is it?", (Edit(12, 12, "\n"),), "Where is it?⟦⏎⟧"),
        ("Where is it?", (Edit(9, 10, "I"),), "Where is ⟦I⟧t?"),
        ("Where is it?", (Edit(11, 12, ""),), "Where is it⟦⟧"),
        ("ab", (Edit(1, 1, "\u200b"), Edit(1, 1, "x")), "a⟦U+200Bx⟧b"),
        ("", (Edit(0, 0, ""),), "⟦⟧"),
    ],
)
def test_the_guilty_part_is_in_brackets(
    minimal: MakeMinimal, before: str, edits: tuple[Edit, ...], shown: str
) -> None:
    """Also where it cannot be seen, and where something is missing."""
    assert marked(minimal(before, *edits), 100).plain == shown


def test_what_is_far_away_is_cut(minimal: MakeMinimal) -> None:
    """The guilty part stays, whatever its surroundings are."""
    before = "word " * 400
    long = marked(minimal(before, Edit(1000, 1000, "{")), 100).plain
    assert "⟦{⟧" in long
    assert len(long) < 160
    many = minimal(before, *(Edit(at, at, "{") for at in range(0, 1900, 19)))
    assert marked(many, 100).plain.count("⟦{⟧") == 100


def test_how_sure_it_is(minimal: MakeMinimal) -> None:
    """Confirmed, or flaky."""
    assert evidence_of(minimal("a")) == "smallest input found in 12 calls; sent again, it failed 3 of 3 times"
    assert evidence_of(minimal("a", failed=1)) == "flaky: sent again, it failed 1 of 3 times (12 calls)"


def test_the_terminal_shows_it_first(run: Run, minimal: MakeMinimal) -> None:
    """In place of the example, with the command that sends it again."""
    made = minimal("Where is it?", Edit(12, 12, "\n"))
    console = Console(file=StringIO(), width=200, highlight=False, markup=False, emoji=False)
    print_run(with_minimal(run, made), console)
    shown = console.file.getvalue()  # type: ignore[attr-defined] # it is the StringIO from above
    assert "sent  Where is it?⟦⏎⟧" in shown
    assert f"--only trial:{made.record.trial.id}" in shown
    assert "sent again, it failed 3 of 3 times" in shown


def test_html_marks_it_and_links_the_original(run: Run, minimal: MakeMinimal, tmp_path: Path) -> None:
    """As inserted text; turns before it are counted; trials like it are of any type."""
    made = minimal("Where is it?", Edit(12, 12, "<b>\n"), earlier=("Hello.",))
    page = tmp_path / "page.html"
    write_report(with_minimal(run, made), page, "html")
    text = page.read_text()
    assert "Smallest input that fails" in text
    assert "<ins><bdi>&lt;b&gt;" in text
    assert "after 1 earlier turn<" in text
    assert f'href="#trial={made.trial}">Open the trial it was reduced from' in text
    assert f"trial:{made.record.trial.id}" in text


def test_json_brings_it_back(run: Run, minimal: MakeMinimal, tmp_path: Path) -> None:
    """With text, guilty spans, calls and whether it was confirmed."""
    made = minimal("Where is it?", Edit(9, 10, "I"))
    path = tmp_path / "run.json"
    with path.open("wb") as out:
        write_json(with_minimal(run, made), out)
    again = read_json_report(path)
    assert again.causes[0].minimal == made
    assert again.causes[0].operators == ("noise.op", "tone_shift.op")
    data = made.to_dict()
    assert (data["text"], data["guilty"], data["calls"], data["confirmed"]) == (
        "Where is It?",
        [[9, 10]],
        12,
        True,
    )


def test_reports_from_before_minimal_inputs_are_read(run: Run, tmp_path: Path) -> None:
    """Their causes have neither operators nor minimal inputs, their runs no strategy."""
    import json

    out = BytesIO()
    write_json(run, out)
    document = json.loads(out.getvalue())
    for cause in document["causes"]:
        del cause["minimal"], cause["operators"]
    del document["run"]["strategy"], document["run"]["budget"]
    path = tmp_path / "old.json"
    path.write_text(json.dumps(document))
    again = read_json_report(path)
    assert again.causes[0].minimal is None
    assert again.info.strategy == "uniform"


def test_html_of_a_search_says_why_there_is_no_score(run: Run, tmp_path: Path) -> None:
    """And how many calls it had."""
    info = replace(run.info, strategy="search", budget=1500)
    none = replace(run.scores, robustness=None, overall=None)
    page = tmp_path / "page.html"
    write_report(replace(run, info=info, scores=none), page, "html")
    text = page.read_text()
    assert "No score: a search spends its calls where failures are." in text
    assert "search, 1,500 calls" in text
