"""Conversations as one text and as chat messages."""

from __future__ import annotations

from flakestorm.agents.conversation import messages, transcript


def test_single_turn_is_untouched() -> None:
    """What is tested is the prompt itself, not a decorated one."""
    assert transcript((" a\n",)) == " a\n"


def test_turns_are_told_apart() -> None:
    """Each turn says who speaks."""
    assert transcript(("a", "b")) == "User: a\n\nUser: b"


def test_replies_stand_between_turns() -> None:
    """Known replies go where they were given; the last turn waits for its own."""
    assert messages(("a", "b"), ("A",)) == [
        {"role": "user", "content": "a"},
        {"role": "assistant", "content": "A"},
        {"role": "user", "content": "b"},
    ]
    assert messages(("a", "b")) == [{"role": "user", "content": "a"}, {"role": "user", "content": "b"}]
