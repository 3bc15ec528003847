"""Langfuse's public API: traces page by page, and everything that a service may do wrong."""

from __future__ import annotations

from typing import Any

import pytest

from flakestorm.model.errors import UsageError, WorkError
from flakestorm.replay.imported import Answered
from flakestorm.replay.langfuse import Langfuse


def service(langfuse: Any, secret: str = "secret-key", waited: list[float] | None = None) -> Langfuse:
    """The importer, pointed at the local server; it notes how long it would have waited."""
    variables = {
        "LANGFUSE_PUBLIC_KEY": "public-key",
        "LANGFUSE_SECRET_KEY": secret,
        "LANGFUSE_HOST": langfuse.url + "/",
    }
    return Langfuse(variables, (waited if waited is not None else []).append)


def trace(number: int) -> dict[str, Any]:
    """A trace with a generation that failed, and a tool."""
    return {
        "id": f"t{number}",
        "name": "support",
        "timestamp": "2026-11-01T12:00:00.000Z",
        "input": {"question": f"Question {number}?"},
        "output": "an answer",
        "observations": [
            {
                "id": "g",
                "type": "GENERATION",
                "level": "ERROR",
                "statusMessage": "too long",
                "startTime": "2",
            },
            {
                "id": "o",
                "type": "TOOL",
                "name": "lookup",
                "level": "DEFAULT",
                "startTime": "2026-11-01T12:00:00.000Z",
                "endTime": "2026-11-01T12:00:00.250Z",
                "output": {"arrives": "Friday"},
            },
        ],
    }


def test_traces_page_by_page(langfuse: Any) -> None:
    """All of them, in their order, with tools and failures."""
    langfuse.traces = [trace(number) for number in range(120)]
    found = list(service(langfuse).traces(None, {"name": "support"}))
    assert [session.input for session in found] == [f"Question {n}?" for n in range(120)]
    assert found[0].answered == (Answered("lookup", {"arrives": "Friday"}, None, 250.0),)
    assert found[0].failed_with == "too long"
    assert [query["page"] for what, query in langfuse.asked if what == "traces"] == ["1", "2", "3"]
    assert langfuse.asked[0][1]["name"] == "support"
    assert len(list(service(langfuse).traces(7, {}))) == 7


def test_wrong_keys(langfuse: Any) -> None:
    """Said with the names of the variables, and without the keys."""
    with pytest.raises(WorkError, match=r"refuses the keys \(401\).*LANGFUSE_SECRET_KEY") as refusal:
        list(service(langfuse, "another").traces(1, {}))
    assert "another" not in str(refusal.value)
    with pytest.raises(UsageError, match="set LANGFUSE_SECRET_KEY in the environment"):
        Langfuse({"LANGFUSE_PUBLIC_KEY": "x"})
    with pytest.raises(UsageError, match="LANGFUSE_HOST is 'ftp://x'"):
        Langfuse({"LANGFUSE_PUBLIC_KEY": "x", "LANGFUSE_SECRET_KEY": "y", "LANGFUSE_HOST": "ftp://x"})


def test_a_rate_limit(langfuse: Any) -> None:
    """It waits as long as it is asked to, and gives up at last."""
    langfuse.traces = [trace(0)]
    langfuse.refuse_times = 2
    waited: list[float] = []
    assert len(list(service(langfuse, waited=waited).traces(1, {}))) == 1
    assert waited == [7.0, 7.0]
    langfuse.refuse_times = 1000
    with pytest.raises(WorkError, match=r"too many requests \(429\)"):
        list(service(langfuse).traces(1, {}))


def test_nobody_listens() -> None:
    """The address is in the message."""
    variables = {
        "LANGFUSE_PUBLIC_KEY": "x",
        "LANGFUSE_SECRET_KEY": "y",
        "LANGFUSE_HOST": "http://127.0.0.1:9",
    }
    with pytest.raises(WorkError, match=r"does not answer at http://127\.0\.0\.1:9"):
        list(Langfuse(variables).traces(1, {}))


def test_secrets_are_known() -> None:
    """What is blotted out of all that is stored."""
    there = Langfuse({"LANGFUSE_PUBLIC_KEY": "public", "LANGFUSE_SECRET_KEY": "secret"})
    assert "secret" in there.secrets
