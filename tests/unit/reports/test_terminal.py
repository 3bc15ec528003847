"""What a person reads in a terminal: progress, the story, and nothing that a hostile reply could do."""

from __future__ import annotations

from dataclasses import replace
from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from flakestorm.model.events import (
    ControlFinished,
    FindingMade,
    RunFinished,
    RunStarted,
    Throttled,
    TrialFinished,
)
from flakestorm.model.finding import Finding
from flakestorm.model.run import Run
from flakestorm.model.verdict import Severity
from flakestorm.reports.difference import difference
from flakestorm.reports.live import LiveProgress
from flakestorm.reports.terminal import print_run
from flakestorm.reports.visible import visible


def console(terminal: bool = False, width: int = 120) -> tuple[Console, StringIO]:
    """A console that writes into a string."""
    out = StringIO()
    return Console(file=out, width=width, force_terminal=terminal, highlight=False, markup=False), out


def told(run: Run, written: tuple[str, ...] = ()) -> str:
    """The story of ``run`` as plain text."""
    made, out = console()
    print_run(run, made, written)
    return out.getvalue()


def test_the_story_is_complete(run: Run) -> None:
    """Verdict, causes with example and command, types, weakest prompts, behaviour, next steps, paths."""
    text = told(run, ("reports/x.html",))
    for part in (
        run.assessment.headline.split(" (")[0],
        "What breaks it",
        f"flakestorm run --only trial:{run.causes[0].example.trial.id}",
        "By mutation type",
        "Weakest golden prompts",
        "latency disturbed",
        "reports/x.html",
    ):
        assert part in text


@pytest.mark.parametrize(
    ("code", "word"), [(0, "GOOD"), (1, "FELL SHORT"), (3, "NO VERDICT"), (4, "NO VERDICT")]
)
def test_the_first_word_is_the_verdict(run: Run, code: int, word: str) -> None:
    """Good is said of exit code 0 alone."""
    judged = replace(run, assessment=replace(run.assessment, exit_code=code))
    assert told(judged).strip().startswith(word)


def test_a_partial_run_says_so_and_how_to_go_on(run: Run) -> None:
    """The reason and the command."""
    partial = replace(run, info=replace(run.info, status="partial", stop_reason="interrupted"))
    text = told(partial)
    assert "\nPARTIAL, " in text
    assert "It stopped early: interrupted." in text
    assert f"flakestorm run --resume {run.info.id}" in text


@given(st.text(max_size=300))
def test_nothing_hostile_reaches_the_terminal(text: str) -> None:
    """No control, format or private character survives, and the result is one line of bounded length."""
    shown = visible(text, 80)
    assert shown.isprintable()
    assert len(shown) <= 80


def test_invisible_characters_are_named() -> None:
    """So that a failing example can be understood."""
    assert visible("a\u200bb\n\x1b[2J") == "aU+200Bb⏎U+001B[2J"
    assert visible("x" * 1_000_000, 20) == "x" * 13 + "…" + "x" * 6


def test_difference_marks_both_sides() -> None:
    """What went is struck through, what came is green."""
    shown = difference("order 4512", "ordr 4512!", 100)
    assert shown.plain == "order 4512!"
    assert [(shown.plain[s.start : s.end], str(s.style)) for s in shown.spans] == [
        ("e", "red strike"),
        ("!", "green"),
    ]
    assert difference("a" * 5000, "b", 50).plain == "b"


def test_plain_lines_where_there_is_no_terminal(run: Run) -> None:
    """Start, control arm, notices and nothing that moves the cursor."""
    made, out = console()
    progress = LiveProgress(made)
    progress(RunStarted(replace(run.info, id="r1", planned=10, target="http://x\x1b[2J/"), 4))
    progress(ControlFinished(3, 2))
    progress(Throttled(1, 2.0, "the agent answered 429"))
    progress(FindingMade(Finding("x", Severity.HIGH, "it died")))
    for record in list(run.records())[:5]:
        progress(TrialFinished(record))
    progress(RunFinished(run))
    text = out.getvalue()
    assert "Run r1: 10 trials, 4 of them done before against http://xU+001B[2J/" in text
    assert "Undisturbed: 2 of 3 trials passed." in text
    assert "Slower: the agent answered 429; waiting 2 s, then 1 at once." in text
    assert "Finding: it died" in text
    assert "\x1b" not in text


def test_the_live_block_counts(run: Run) -> None:
    """In a terminal: progress, rate, time left and the failures so far."""
    made, out = console(terminal=True)
    progress = LiveProgress(made)
    records = list(run.records())
    progress(RunStarted(replace(run.info, planned=len(records)), 0))
    for record in records:
        progress(TrialFinished(record))
    with made.capture() as captured:
        made.print(progress._block())
    progress.stop()
    block = captured.get()
    assert f"{len(records):,} of {len(records):,}" in block
    assert "left" in block
    assert " under " in block
    assert out.getvalue()


def test_tables_fit_80_columns(run: Run) -> None:
    """Each row keeps to one line; a long prompt is what gets shorter."""
    row = replace(run.by_prompt[0], label="How do I get " * 20, text="How do I get " * 20)
    types = tuple(
        replace(row, type=name, totals=replace(row.totals, passed=1_234_567))
        for name in ("semantic_similarity_attack", "concurrent_request_pattern")
        for row in run.by_type[:1]
    )
    made, out = console(width=80)
    print_run(replace(run, by_prompt=(row,), by_type=types), made)
    lines = out.getvalue().splitlines()
    assert all(len(line.rstrip()) <= 80 for line in lines if "flakestorm" not in line)
    (prompt,) = [line for line in lines if line.startswith("How do I get")]
    assert f"{row.control.passed} of {row.control.trials} passed" in prompt
    (type_,) = [line for line in lines if line.startswith("semantic_similarity_attack")]
    assert "1,234,567" in type_


def test_the_live_block_keeps_to_its_lines(run: Run) -> None:
    """A long error message is cut at the edge of the terminal; else the block would jump."""
    made, out = console(terminal=True, width=80)
    progress = LiveProgress(made)
    progress(RunStarted(run.info, 0))
    record = next(record for record in run.records() if record.outcome.error is not None)
    assert record.outcome.error is not None
    error = replace(record.outcome.error, message="it broke " * 50)
    progress(TrialFinished(replace(record, outcome=replace(record.outcome, error=error))))
    progress(Throttled(2, 1.5, "the agent " * 30))
    out.truncate(0)
    progress.stop()
    shown = [line for line in out.getvalue().split("\n") if "it broke" in line]
    assert len(shown) == 1
    assert "…" in shown[0]


class Full(StringIO):
    """A file on a disk that is full, and how often somebody tried to write to it."""

    tries = 0

    def write(self, text: str) -> int:
        """Raise what the operating system would."""
        self.tries += 1
        raise OSError(28, "No space left on device")


def test_progress_that_cannot_be_shown_ends_nothing(run: Run) -> None:
    """It is tried once; the trials go on without it."""
    full = Full()
    progress = LiveProgress(Console(file=full, width=80))
    progress(RunStarted(run.info, 0))
    progress(ControlFinished(3, 3))
    progress(RunFinished(run))
    assert full.tries == 1
