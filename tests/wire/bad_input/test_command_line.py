"""Careless words on the command line, and surroundings that a program does not expect."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Program = Callable[..., subprocess.CompletedProcess[str]]
Refused = Callable[..., str]

MEASURING = ("COVERAGE_PROCESS_START", "COVERAGE_PROCESS_CONFIG")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("rnu",), ["'rnu'", "Did you mean 'run'"]),
        (("run", "--min-score", "80"), ["80 is not a share from 0 to 1", "80 % is 0.8"]),
        (("run", "-o", "report.pdf"), ["report.pdf", ".html .json .jsonl"]),
        (("run", "flakestorm.yml"), ["'flakestorm.yml' is one word too many", "-c flakestorm.yml"]),
        (("run", "--only", "broken"), ["'broken'", "Accepted: failed, errored"]),
        (("run", "--resume", "2031"), ["no runs", "flakestorm run"]),
        (("report", "nowhere.json"), ["nowhere.json", "No such file"]),
        (("mutations", "hi", "-t", "nois"), ["'noise'"]),
    ],
)
def test_wrong_words_are_explained(refused: Refused, arguments: tuple[str, ...], said: list[str]) -> None:
    """Exit code 2; the message has the value, and what would be accepted."""
    message = refused(*arguments, code=2)
    assert all(part in message for part in said), message


def test_help_lines_are_whole(flakestorm: Program) -> None:
    """No command's line is cut with dots, and the exit codes are there."""
    told = flakestorm("--help").stdout
    assert "..." not in told.partition("Commands:")[2]
    assert "141" in told


@pytest.mark.skipif(sys.platform == "win32", reason="pipes without readers are a POSIX affair")
@pytest.mark.parametrize(
    "arguments",
    [("run",), ("schema", "config"), ("--help",), ("--version",), ("run", "--help"), ("--version", "x")],
)
def test_a_reader_that_goes_away_is_no_shortfall(flakestorm: Program, arguments: tuple[str, ...]) -> None:
    """As in ``flakestorm run | head``: it ends quietly with 141, not with the code for "fell short"."""
    reader, writer = os.pipe()
    os.close(reader)
    try:
        done = flakestorm(*arguments, stdout=writer)
    finally:
        os.close(writer)
    assert done.returncode == 141
    assert done.stderr == ""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs Linux's full device")
def test_output_that_cannot_be_written_is_told(flakestorm: Program) -> None:
    """Exit code 3 and the system's reason, not "internal error"."""
    with open("/dev/full", "w") as full:
        # Coverage in the process would end it in another way.
        done = flakestorm("runs", stdout=full, env=dict.fromkeys(MEASURING, ""))
    assert done.returncode == 3
    assert "No space left on device" in done.stderr
    assert "internal error" not in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="Windows programs always have these streams")
@pytest.mark.parametrize("closed", ["<&-", ">&- 2>&-"])
def test_closed_streams_do_no_harm(project: Path, closed: str, report: Callable[[], Any]) -> None:
    """No socket gets the number of a closed stream; the run is as good as ever."""
    command = f'exec "{sys.executable}" -m flakestorm run {closed}'
    done = subprocess.run(["/bin/sh", "-c", command], cwd=project, check=False, timeout=60)
    assert done.returncode == 0
    assert report()["totals"]["passed"] == 7


def test_characters_that_the_output_lacks_are_replaced(flakestorm: Program) -> None:
    """An old locale, or a pipe on Windows, is no reason to end."""
    done = flakestorm("mutations", "--list", env={"PYTHONIOENCODING": "ascii"})
    assert done.returncode == 0, done.stderr
    assert "?" in done.stdout


def test_an_odd_environment(flakestorm: Program) -> None:
    """The run is done, and its verdict is there."""
    done = flakestorm("run", env={"TERM": "dumb", "COLUMNS": "20", "HOME": ""})
    assert done.returncode == 0, done.stderr
    assert "GOOD" in done.stdout


def test_one_report_that_cannot_be_written_costs_no_other(
    flakestorm: Program, project: Path, report: Callable[[], Any]
) -> None:
    """The story is told, the other report is there, the message says how to get this one: exit code 3."""
    done = flakestorm("run", "-o", "agent.py/page.html", "-o", "reports/result.json")
    assert done.returncode == 3
    assert "agent.py/page.html" in done.stderr
    assert "flakestorm report" in done.stderr
    assert "GOOD" in done.stdout
    assert report()["totals"]["passed"] == 7
    assert not list(project.glob("**/*.part"))
