"""Agents that are Python code and do what code should not; golden prompts that are too much for an agent."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Program = Callable[..., subprocess.CompletedProcess[str]]
Refused = Callable[..., str]
Report = Callable[[], dict[str, Any]]

AGENT = r'''
import asyncio, sys, time, warnings

def reply(prompt):
    """Does what the first word says."""
    word = prompt.split()[0]
    if word == "raise":
        raise ValueError("boom \x1b[2J")
    if word == "exit":
        sys.exit(3)
    if word == "interrupt":
        raise KeyboardInterrupt
    if word == "print":
        print("printed by the agent")
    if word == "warn":
        warnings.warn("old")
    if word == "block":
        time.sleep(20)
    odd = {"none": None, "dict": {}, "nested": [["refund"]], "half": "\ud800", "bytes": b"\xff"}
    return odd.get(word, "refund")

async def waits(prompt):
    """The same for async code."""
    word = prompt.split()[0]
    if word == "cancel":
        raise asyncio.CancelledError
    if word == "block":
        time.sleep(1.5)
    return "refund"
'''

CONFIG = """
agent: {type: python, endpoint: "ENDPOINT", timeout: 6000}
golden_prompts: PROMPTS
mutations: {count: 1, types: [noise]}
invariants: [{type: contains, value: refund}]
advanced: {control_repeats: 1, retries: 0, shrink_budget: 0, error_budget: 1}
output: {format: json, filename_template: result}
"""

WRONG = {
    "raise": ("exception", "ValueError: boom"),
    "exit": ("exception", "SystemExit: 3"),
    "interrupt": ("exception", "KeyboardInterrupt"),
    "block": ("timeout", "no reply within 6 s"),
    "none": ("bad_reply", "the agent returned None. Is a return missing?"),
    "half": ("bad_reply", "half a surrogate pair (U+D800)"),
    "bytes": ("bad_reply", "bytes that are not UTF-8"),
}


@pytest.fixture
def configure(project: Path) -> Callable[..., None]:
    """Writes the configuration for an endpoint and golden prompts."""
    (project / "agent.py").write_text(AGENT, encoding="utf-8")

    def write(endpoint: str, prompts: object, timeout_ms: int = 6000) -> None:
        text = CONFIG.replace("ENDPOINT", endpoint).replace("PROMPTS", repr(prompts))
        text = text.replace("timeout: 6000", f"timeout: {timeout_ms}")
        (project / "flakestorm.yaml").write_text(text, encoding="utf-8")

    return write


def test_whatever_the_code_does_is_told(
    flakestorm: Program, configure: Callable[..., None], report: Report
) -> None:
    """Each exception by its name, prints and warnings not in the report, and the rest of the run is done."""
    words = [*WRONG, "dict", "print", "warn", "nested"]
    configure("agent.py:reply", [f"{word} please" for word in words])
    done = flakestorm("run")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "printed by the agent" not in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
    assert "\x1b" not in done.stdout
    control = {t["prompt"].split()[0]: t for t in report()["trials"] if t["mutation"] is None}
    for word, (kind, message) in WRONG.items():
        assert control[word]["error"]["kind"] == kind, control[word]
        assert message in control[word]["error"]["message"]
    assert control["dict"]["status"] == "failed"
    assert {control[word]["status"] for word in ("print", "warn", "nested")} == {"passed"}
    assert len(report()["trials"]) == 2 * len(words)


def test_async_code_that_blocks_is_late(
    flakestorm: Program, configure: Callable[..., None], report: Report
) -> None:
    """What comes after the deadline is no reply, although nothing could interrupt it."""
    configure("agent.py:waits", ["block please", "cancel please", "fine please"], timeout_ms=1000)
    flakestorm("run")
    control = {t["prompt"].split()[0]: t for t in report()["trials"] if t["mutation"] is None}
    assert control["block"]["error"]["kind"] == "timeout"
    assert control["cancel"]["error"]["kind"] == "exception"
    assert control["fine"]["status"] == "passed"
    assert any(finding["kind"] == "agent_blocks_loop" for finding in report()["findings"])


@pytest.mark.parametrize(
    ("endpoint", "said"),
    [
        ("nowhere:reply", ["there is no module 'nowhere'", "path/to/file.py"]),
        ("agnet.py:reply", ["there is no file", "did you mean 'agent.py'"]),
        ("agent.py:rply", ["has no attribute 'rply'", "did you mean 'reply'"]),
        ("broken.py:reply", ["importing", "RuntimeError: cannot even be imported"]),
    ],
)
def test_code_that_is_not_there(
    refused: Refused, configure: Callable[..., None], project: Path, endpoint: str, said: list[str]
) -> None:
    """Exit code 2, the key, and the nearest name."""
    (project / "broken.py").write_text("raise RuntimeError('cannot even be imported')")
    configure(endpoint, ["hi"])
    done = refused("run", code=2)
    assert "agent.endpoint: " in done
    assert all(part in done for part in said), done


def test_prompts_twice_and_large(flakestorm: Program, configure: Callable[..., None], report: Report) -> None:
    """The same prompt is run once, and a note says so; half a megabyte arrives whole."""
    large = "refund " * 70_000
    configure("agent.py:reply", ["hello there", "hello there", large])
    done = flakestorm("run")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "golden_prompts[1] is the same as golden_prompts[0]; it is run once" in done.stdout
    trials = [t for t in report()["trials"] if t["mutation"] is None]
    assert sorted(len(t["prompt"]) for t in trials) == [11, len(large)]
    assert {t["status"] for t in trials} == {"passed"}


def test_a_run_in_which_everything_is_skipped(flakestorm: Program, project: Path, report: Report) -> None:
    """A prompt that no argument can hold: exit code 4, why, and how a run would prove something."""
    text = CONFIG.replace(
        'type: python, endpoint: "ENDPOINT"', f'command: ["{sys.executable}", "-V", "{{prompt}}"]'
    )
    text = text.replace("agent: {", "agent: {type: command, ").replace("PROMPTS", repr(["refund " * 70_000]))
    (project / "flakestorm.yaml").write_text(text, encoding="utf-8")
    done = flakestorm("run")
    assert done.returncode == 4, done.stdout + done.stderr
    assert "Nothing could be judged" in done.stdout
    assert "2 trials were skipped" in done.stdout
    assert "- type: completes" in done.stdout
    assert {t["error"]["kind"] for t in report()["trials"]} == {"unsendable"}
    assert "longer than an argument of a program may be" in report()["trials"][0]["error"]["message"]
