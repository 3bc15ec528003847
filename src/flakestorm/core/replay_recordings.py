"""A session's recorded tool responses where the agent's calls look for them."""

from __future__ import annotations

import json

from flakestorm.chaos.recorded import NO_ANSWER, Recorded
from flakestorm.chaos.request import CallRequest
from flakestorm.replay.config import ToolResponse
from flakestorm.replay.tool_answers import ToolAnswers

GOOD = 200


class SessionRecordings:
    """The ``Recordings`` of one trial: tools that were recorded answer as they did, all else is asked."""

    def __init__(self, responses: tuple[ToolResponse, ...]) -> None:
        self._answers = ToolAnswers(responses)

    def answer(self, request: CallRequest) -> Recorded | None:
        """See ``Recordings``."""
        if request.kind != "tool":
            return None
        response = self._answers.next(request.name)
        return None if response is None else recorded_of(response)


def recorded_of(response: ToolResponse) -> Recorded:
    """What the tool's call gets: a text as it is, any other value as JSON, after the recorded latency."""
    status = GOOD if response.status is None else response.status
    if status == NO_ANSWER:
        return Recorded(NO_ANSWER, (), (), response.latency_ms or 0.0)
    value = response.response
    is_text = isinstance(value, str)
    # As compact as most servers write it.
    text = value if is_text else json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    body = text.encode("utf-8", "replace")
    kind = "text/plain; charset=utf-8" if is_text and not _is_json(body) else "application/json"
    chunks = ((0.0, body),) if body else ()
    return Recorded(status, (("content-type", kind),), chunks, response.latency_ms or 0.0)


def has_failed(response: ToolResponse) -> bool:
    """Whether the tool gave no answer, or answered with an error."""
    return response.status is not None and not 100 <= response.status < 400


def _is_json(body: bytes) -> bool:
    try:
        return isinstance(json.loads(body), dict | list)
    except (ValueError, RecursionError):
        return False
