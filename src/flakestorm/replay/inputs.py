"""What the user said, in the input that an observability service kept of a whole invocation."""

from __future__ import annotations

from typing import Any

from flakestorm.replay.conversation import Conversation, value_of
from flakestorm.replay.foreign import Foreign

_QUESTIONS = ("input", "question", "query", "prompt", "message", "text", "user_input", "content", "user")
_EARLIER = ("chat_history", "history", "context")
_WHOLE = ("messages", "args", "kwargs")


def talk_of(inputs: Foreign) -> Conversation:
    """The conversation in ``inputs``: a text, messages, or a mapping that has either under a usual key.

    Raises ``UnknownShape`` where there is no such key, or the user says nothing.
    """
    talk = Conversation()
    _listen(inputs, talk)
    if not talk.question:
        raise inputs.refusal(
            f"a text, messages, or a mapping with one of {', '.join((*_WHOLE, *_QUESTIONS))}"
        )
    return talk


def _listen(said: Foreign, talk: Conversation) -> None:
    value = said.value
    if isinstance(value, str):
        talk.add(said)
    elif isinstance(value, list):
        for item in said.items():
            # A batch of one: [[message, message]]
            _listen(item, talk) if isinstance(item.value, list) else talk.add(item)
    elif isinstance(value, dict):
        _listen_to_mapping(said, talk)
    else:
        raise said.refusal("a text, messages, or a mapping with either")


def _listen_to_mapping(said: Foreign, talk: Conversation) -> None:
    if {"role", "content"} <= said.value.keys():
        talk.add(said)
        return
    whole = said.get(*_WHOLE)
    earlier = said.get(*_EARLIER)
    question = said.get(*_QUESTIONS)
    if whole is not None:
        _listen(whole, talk)
        return
    if question is None:
        texts = [key for key, item in said.value.items() if isinstance(item, str)]
        if len(texts) != 1:
            raise said.refusal(f"a mapping with one of {', '.join((*_WHOLE, *_QUESTIONS))}")
        question = said.at(texts[0])
    if earlier is not None and isinstance(earlier.value, list):
        _listen(earlier, talk)
    _listen(question, talk)


def returned(outputs: Any) -> Any:
    """What a tool returned, out of the envelopes that tracers put around it."""
    value = outputs
    if isinstance(value, dict) and set(value) == {"output"}:
        value = value["output"]
    if isinstance(value, dict) and value.get("lc") and isinstance(value.get("kwargs"), dict):
        value = value["kwargs"]
    if (
        isinstance(value, dict)
        and "content" in value
        and ("tool_call_id" in value or value.get("type") == "tool")
    ):
        value = value["content"]
    return value_of(value)
