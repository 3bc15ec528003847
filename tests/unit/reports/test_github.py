"""Annotations and the step summary: hostile text gives no commands, and limits are kept."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from flakestorm.model.errors import WorkError
from flakestorm.model.run import Cause, Run
from flakestorm.model.verdict import Severity
from flakestorm.reports.github import LARGEST_SUMMARY, MOST, annotated, of_comparison, write_step_summary


@pytest.fixture
def cause(run: Run) -> Cause:
    """A cause of the sample run."""
    return run.causes[0]


def test_errors_and_warnings(run: Run, cause: Cause) -> None:
    """By severity, each at its rule's line, or the first one."""
    causes = (
        replace(cause, rule="a", severity=Severity.HIGH),
        replace(cause, rule="b", severity=Severity.LOW),
    )
    told = replace(run, causes=causes, info=replace(run.info, rule_lines={"a": 7}))
    first, second = annotated(told, Severity.MEDIUM)
    file = run.info.config_path or "flakestorm.yaml"
    assert first.startswith(f"::error file={file},line=7,title=a::")
    assert second.startswith(f"::warning file={file},line=1,title=b::")


def test_a_session_that_goes_wrong_is_an_error(run: Run, cause: Cause) -> None:
    """Whatever the severity: it fails the run."""
    causes = (replace(cause, severity=Severity.LOW, type="replay: june"),)
    (line,) = annotated(replace(run, causes=causes), Severity.CRITICAL)
    assert line.startswith("::error ")


def test_hostile_text_is_no_command(run: Run, cause: Cause) -> None:
    """Neither in a name, whose commas and colons would begin other properties, nor in a text."""
    bad = replace(cause, rule="x,line=1::\n::error::", title="50% off\r\n::set-output name=a::b")
    (line,) = annotated(replace(run, causes=(bad,)), Severity.LOW)
    assert "\n" not in line
    assert "\r" not in line
    assert line.count("::set-output") == 1
    title = line.partition("title=")[2].partition("::")[0]
    assert "," not in title
    assert ":" not in title
    assert "50%25 off" in line


def test_github_shows_ten(run: Run, cause: Cause) -> None:
    """Of each level."""
    causes = tuple(replace(cause, rule=f"r{n}", severity=Severity.HIGH) for n in range(MOST + 5))
    low = tuple(replace(cause, rule=f"s{n}", severity=Severity.LOW) for n in range(MOST + 5))
    lines = list(annotated(replace(run, causes=causes + low), Severity.HIGH))
    assert sum(line.startswith("::error") for line in lines) == MOST
    assert sum(line.startswith("::warning") for line in lines) == MOST


def test_a_failure_without_a_cause_is_told(run: Run) -> None:
    """Such as a score that is too low, or an error budget that is spent."""
    failed = replace(run, causes=(), assessment=replace(run.assessment, exit_code=3, headline="Errors."))
    (line,) = annotated(failed, Severity.LOW)
    assert line.endswith("title=flakestorm::Errors.")
    good = replace(failed, assessment=replace(run.assessment, exit_code=0))
    assert list(annotated(good, Severity.LOW)) == []


@pytest.mark.parametrize(("inside", "file"), [(True, "a/b.yaml"), (False, "/elsewhere/b.yaml")])
def test_files_are_told_from_here(
    run: Run, cause: Cause, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, inside: bool, file: str
) -> None:
    """GitHub knows them by their place in the repository."""
    monkeypatch.chdir(tmp_path)
    path = str(tmp_path / "a/b.yaml") if inside else file
    told = replace(run, causes=(cause,), info=replace(run.info, config_path=path))
    (line,) = annotated(told, Severity.LOW)
    assert f" file={file}," in line


def test_the_comparison() -> None:
    """Worse is an error, no verdict a warning."""
    assert of_comparison("Worse: 5%", 1) == "::error title=flakestorm baseline::Worse: 5%25"
    assert of_comparison("Inconclusive", 4).startswith("::warning ")


def test_the_summary_is_appended_and_cut(tmp_path: Path) -> None:
    """At a line's end, below what GitHub takes."""
    file = tmp_path / "summary.md"
    write_step_summary(file, iter(("a", "b")))
    write_step_summary(file, iter(("é" * 99,) * 10_000))
    data = file.read_bytes()
    assert data.startswith(b"a\nb\n")
    assert len(data) < LARGEST_SUMMARY + 100
    assert data.decode().endswith("é\n\n… cut\n")
    with pytest.raises(WorkError, match="GITHUB_STEP_SUMMARY"):
        write_step_summary(tmp_path, iter(("a",)))
