"""What GitHub Actions shows of a run beside its log: annotations at lines of files, and the job's summary."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePath

from flakestorm.model.errors import WorkError
from flakestorm.model.replay import session_of
from flakestorm.model.run import Cause, Run
from flakestorm.model.verdict import Severity
from flakestorm.reports.hidden import plain
from flakestorm.reports.rerun import DEFAULT_FILE, rerun
from flakestorm.reports.visible import visible

MOST = 10
"""GitHub shows so many errors, and so many warnings, of a step."""
LARGEST_SUMMARY = 1_000_000
"""Bytes; GitHub takes 1 MiB of a step, and nothing of what is larger."""
_WIDTH = 300


def annotated(run: Run, fail_on: Severity) -> Iterator[str]:
    """A workflow command for each cause, the first few: ``::error file=…,line=…,title=…::message``.

    What is at least as severe as ``fail_on`` is an error, the rest are warnings.
    """
    counts = {"error": 0, "warning": 0}
    if run.assessment.exit_code and not run.causes:
        yield _command("error", run, 1, "flakestorm", run.assessment.headline)
    for cause in run.causes:
        fails = cause.severity.rank <= fail_on.rank or session_of(cause.type) is not None
        level = "error" if fails else "warning"
        if counts[level] < MOST:
            counts[level] += 1
            line = run.info.line_of(cause.rule)
            yield _command(level, run, line, visible(cause.rule, 80), _story(cause, run))


def of_comparison(headline: str, exit_code: int) -> str:
    """The workflow command that says how the run compares with its baseline."""
    level = "error" if exit_code == 1 else "warning"
    return f"::{level} title=flakestorm baseline::{_data(visible(headline, 2 * _WIDTH))}"


def write_step_summary(path: Path, lines: Iterator[str]) -> None:
    """Append Markdown to the file that GitHub names in GITHUB_STEP_SUMMARY. Raises ``WorkError``."""
    text = "\n".join(lines).encode() + b"\n"
    if len(text) > LARGEST_SUMMARY:
        text = text[:LARGEST_SUMMARY].rpartition(b"\n")[0] + "\n\n… cut\n".encode()
    try:
        with path.open("ab") as out:
            out.write(text)
    except OSError as error:
        raise WorkError(
            f"the step summary could not be written to {path} (GITHUB_STEP_SUMMARY): "
            f"{error.strerror or error}."
        ) from error


def _story(cause: Cause, run: Run) -> str:
    record = cause.minimal.record if cause.minimal else cause.example
    noun = "trial" if cause.count == 1 else "trials"
    return "\n".join(
        (
            f"{visible(cause.title, _WIDTH)} ({cause.severity}, {cause.count:,} {noun})",
            f"sent: {visible(record.trial.turns[-1], _WIDTH)}",
            f"again: {rerun(run.info)} --only trial:{record.trial.id}",
        )
    )


def _command(level: str, run: Run, line: int, title: str, message: str) -> str:
    file = _property(_relative(run.info.config_path or DEFAULT_FILE))
    return f"::{level} file={file},line={line},title={_property(title)}::{_data(message)}"


def _relative(path: str) -> str:
    given = PurePath(path)
    here = Path.cwd()
    if given.is_absolute() and given.is_relative_to(here):
        given = given.relative_to(here)
    return given.as_posix()


def _data(text: str) -> str:
    """Text after ``::``; a line end in it would begin a command that somebody else wrote."""
    return plain(text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
