"""Chat logs in OpenAI's format: JSON Lines of requests (and responses), or of fine-tuning examples."""

from __future__ import annotations

from collections.abc import Iterator

from flakestorm.replay.conversation import read_conversation
from flakestorm.replay.foreign import Foreign
from flakestorm.replay.imported import Imported

SOURCE = "openai"


def sessions_in(lines: Iterator[Foreign]) -> Iterator[Imported]:
    """One session for each line: ``messages``, or a ``request`` (``body``) with them.

    Raises ``UnknownShape`` for a line without messages, or with unknown ones.
    """
    for number, line in enumerate(lines, 1):
        request = _request(line)
        messages = request.get("messages", "input")
        if messages is None:
            request.at("messages")
            raise request.refusal("a mapping with messages")
        if isinstance(messages.value, str):
            messages = Foreign([messages.value], messages.where)
        talk = read_conversation(messages)
        if not talk.question:
            raise messages.refusal("messages of which one is the user's")
        id_ = line.get("id", "custom_id", "request_id")
        at = line.get("created", "created_at", "timestamp")
        yield Imported(
            id=f"openai-{id_.value if id_ is not None else number}",
            input=talk.question,
            source=SOURCE,
            captured_at="" if at is None else str(at.value),
            context=tuple(talk.before),
            answered=tuple(talk.answered),
            failed_with=_failure(line),
        )


def _request(line: Foreign) -> Foreign:
    request = line.get("request")
    found = line if request is None else request
    body = found.get("body")
    return found if body is None else body


def _failure(line: Foreign) -> str:
    error = line.get("error")
    if error is None:
        return ""
    if isinstance(error.value, dict):
        message = error.get("message")
        return message.text() if message is not None else str(error.value)
    return str(error.value)
