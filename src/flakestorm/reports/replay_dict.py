"""The public JSON form of replayed sessions, and its schema."""

from __future__ import annotations

from typing import Any

from flakestorm.model.record import TrialStatus
from flakestorm.model.replay import ReplayResult, SessionResult
from flakestorm.model.verdict import Severity, VerdictStatus
from flakestorm.reports.schema_words import COUNT, TEXT, JsonSchema, list_of, object_of, one_of


def replay_to_dict(result: ReplayResult | None) -> dict[str, Any] | None:
    """``result``; its score is in ``scores.replay``."""
    return None if result is None else {"sessions": [session.to_dict() for session in result.sessions]}


def replay_from_dict(data: dict[str, Any] | None) -> ReplayResult | None:
    """What ``replay_to_dict`` described; the status of a session follows from its counts."""
    return None if data is None else ReplayResult(tuple(map(SessionResult.from_dict, data["sessions"])))


def replay_schema() -> JsonSchema:
    """The JSON Schema of that form."""
    verdict = {
        "invariant": TEXT,
        "type": TEXT,
        "severity": one_of(Severity),
        "status": one_of(VerdictStatus),
        "detail": TEXT,
    }
    tool = {
        "tool": TEXT,
        "recorded": {**COUNT, "description": "recorded answers; 0: the calls went to the real tool"},
        "used": COUNT,
        "calls": {**COUNT, "description": "calls; those beyond the recorded ones got the last answer again"},
        "unused": COUNT,
    }
    session = {
        "id": TEXT,
        "name": TEXT,
        "source": TEXT,
        "captured_at": TEXT,
        "expected_failure": {**TEXT, "description": "what went wrong when it was recorded"},
        "contract": {**TEXT, "description": "what judged it"},
        "rules": list_of(TEXT),
        "responses": {
            "type": "object",
            "additionalProperties": COUNT,
            "description": "how many answers were recorded, by tool",
        },
        "digest": TEXT,
        "status": one_of(TrialStatus),
        **{status.value: {**COUNT, "description": "repeats that ended so"} for status in TrialStatus},
        "trial": {**TEXT, "description": "id of the most telling repeat, whose verdicts and tools follow"},
        "trials": list_of(TEXT),
        "verdicts": list_of(object_of(verdict)),
        "tools": list_of(object_of(tool)),
        "note": TEXT,
    }
    return object_of({"sessions": list_of(object_of(session))})
