"""Where results of tools may stand in a conversation."""

from __future__ import annotations

import pytest

from flakestorm.testing.script import Message, ToolCall
from flakestorm.testing.tool_results import Misplaced, merged, misplaced

ASKED = Message("user", "hi")
CALLING = Message("assistant", "", (ToolCall("f", {}, "a"), ToolCall("g", {}, "b")))
A = Message("tool", "1", tool_call_id="a")
B = Message("tool", "2", tool_call_id="b")


@pytest.mark.parametrize(
    ("messages", "wrong"),
    [
        ([ASKED, CALLING, B, A, ASKED], None),
        ([ASKED], None),
        ([ASKED, A], Misplaced(1)),
        ([CALLING, A, B, B], Misplaced(3)),
        ([CALLING, A], Misplaced(2, ("b",))),
        ([CALLING, A, ASKED, B], Misplaced(2, ("b",))),
        ([CALLING], Misplaced(1, ("a", "b"))),
    ],
)
def test_every_call_is_answered_at_once(messages: list[Message], wrong: Misplaced | None) -> None:
    """In any order, but before anything else."""
    assert misplaced(messages) == wrong


def test_neighbouring_messages_of_the_assistant_are_one_turn() -> None:
    """Text and calls come together, and nobody else's messages do."""
    parts = [ASKED, ASKED, Message("assistant", "so"), CALLING, A, B]
    assert merged(parts) == (ASKED, ASKED, Message("assistant", "so", CALLING.tool_calls), A, B)
