"""Whether every tool call of a conversation has its result at its place: some APIs insist on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from flakestorm.testing.script import Message


@dataclass(frozen=True, slots=True)
class Misplaced:
    """Message number ``index`` is wrong.

    It is a result that no call asked for, or the calls with ``unanswered`` ids should have got their
    results before it.
    """

    index: int
    unanswered: tuple[str, ...] = ()


def misplaced(messages: Sequence[Message]) -> Misplaced | None:
    """The first breach of the rule: results follow their calls at once, each call has one."""
    open_calls: list[str] = []
    for index, message in enumerate(messages):
        if message.role == "tool":
            if message.tool_call_id not in open_calls:
                return Misplaced(index)
            open_calls.remove(message.tool_call_id)
        elif open_calls:
            return Misplaced(index, tuple(sorted(open_calls)))
        else:
            open_calls = [call.id for call in message.tool_calls]
    return Misplaced(len(messages), tuple(sorted(open_calls))) if open_calls else None


def merged(messages: Sequence[Message]) -> tuple[Message, ...]:
    """The conversation with neighbouring messages of the assistant made one, as they are one turn."""
    turns: list[Message] = []
    for message in messages:
        last = turns[-1] if turns else None
        if last is not None and last.role == message.role == "assistant":
            turns[-1] = replace(
                last, text=last.text + message.text, tool_calls=last.tool_calls + message.tool_calls
            )
        else:
            turns.append(message)
    return tuple(turns)
