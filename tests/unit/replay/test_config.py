"""The replays section: a session is in a file or here, a source has what its type needs."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from flakestorm.replay.config import ReplaysConfig


def test_sessions_and_sources() -> None:
    """The published forms load; a recorded tool response may be anything, or nothing."""
    config = ReplaysConfig.model_validate(
        {
            "sessions": [
                {"file": "a.yaml", "contract": "c"},
                {"id": "x", "input": "y", "tool_responses": [{"tool": "t", "response": None, "status": 0}]},
                {"id": "z", "input": "y", "tool_responses": [{"tool": "t", "response": {"a": [1]}}]},
            ],
            "sources": [
                {"type": "langsmith", "project": "p", "filter": {"status": "error"}},
                {"type": "langsmith_run", "run_id": "r"},
            ],
        }
    )
    assert config.sessions[2].tool_responses[0].response == {"a": [1]}
    assert config.sources[0].filter.status == "error"
    assert config.sources[1].auto_import is False


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"sessions": [{}]}, "missing: id, input"),
        ({"sessions": [{"input": "x"}]}, "missing: id"),
        ({"sessions": [{"file": "a", "input": "x"}]}, "given twice"),
        ({"sources": [{"type": "langsmith", "run_id": "x"}]}, "type 'langsmith' needs the key project"),
        ({"sources": [{"type": "langsmith_run"}]}, "type 'langsmith_run' needs the key run_id"),
    ],
)
def test_refused(data: dict[str, Any], message: str) -> None:
    """What is missing or given twice is named."""
    with pytest.raises(ValidationError, match=message):
        ReplaysConfig.model_validate(data)
