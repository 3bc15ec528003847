"""What agent code prints goes to standard error, everything else to standard output."""

from __future__ import annotations

import asyncio
import io
import sys

import pytest

from flakestorm.agents.agent_prints import divert, enter_agent_code


async def agent(word: str) -> None:
    """A task that counts as agent code."""
    enter_agent_code()
    print(word)
    print(word, flush=True)
    await asyncio.to_thread(print, word, "in a thread")


async def test_prints_are_told_apart(capsys: pytest.CaptureFixture[str]) -> None:
    """A task of the agent and its threads print to standard error; the others do not."""
    restore = divert()
    await asyncio.create_task(agent("mine"))
    print("report", flush=True)
    restore()
    out, err = capsys.readouterr()
    assert out == "report\n"
    assert err == "mine\nmine\nmine in a thread\n"


def test_restore_puts_the_stream_back() -> None:
    """Afterwards ``sys.stdout`` is what it was."""
    before = sys.stdout
    restore = divert()
    assert sys.stdout is not before
    assert sys.stdout.encoding == before.encoding
    restore()
    assert sys.stdout is before


def test_restore_leaves_a_stream_that_came_later(monkeypatch: pytest.MonkeyPatch) -> None:
    """A live display that replaced ``sys.stdout`` meanwhile keeps its stream."""
    restore = divert()
    later = io.StringIO()
    monkeypatch.setattr(sys, "stdout", later)
    restore()
    assert sys.stdout is later
    monkeypatch.undo()
    restore()
