"""What a person needs of an exception in agent code: one line, and where in their code it happened."""

from __future__ import annotations

import traceback
from pathlib import Path
from types import TracebackType

OUR_FILES = str(Path(__file__).resolve().parent)
IMPORT_MACHINERY = ("<frozen importlib", "importlib/__init__.py", "importlib\\__init__.py")

MAX_LINE = 300
MAX_DETAIL = 2000
FRAMES = 4


def headline(error: BaseException) -> str:
    """``ValueError: what it says`` in one line of at most 300 characters."""
    text = " ".join(_without_trace(error)[-1].split())
    return text if len(text) <= MAX_LINE else text[: MAX_LINE - 1] + "…"


def last_lines(error: BaseException) -> str:
    """The innermost frames of ``error`` outside flakestorm, as Python prints them (2,000 characters)."""
    kept = _agent_frames(error.__traceback__)
    if not kept and error.__cause__ is not None:
        # Python itself raised it, about an exception in agent code (StopIteration in a coroutine).
        kept = _agent_frames(error.__cause__.__traceback__)
    frames = "".join(traceback.format_list(kept[-FRAMES:]))
    message = "".join(_without_trace(error)).rstrip()
    if len(frames) > MAX_DETAIL // 2:
        frames = "  …\n" + frames[-MAX_DETAIL // 2 :].partition("\n")[2]
    return frames + message[: MAX_DETAIL // 2]


def _without_trace(error: BaseException) -> list[str]:
    return list(traceback.TracebackException.from_exception(error).format_exception_only())


def _agent_frames(trace: TracebackType | None) -> list[traceback.FrameSummary]:
    # flakestorm's own frames and the import machinery say nothing about the agent.
    return [
        frame
        for frame in traceback.extract_tb(trace)
        if not frame.filename.startswith(OUR_FILES) and not _is_import_machinery(frame.filename)
    ]


def _is_import_machinery(filename: str) -> bool:
    return any(part in filename for part in IMPORT_MACHINERY)
