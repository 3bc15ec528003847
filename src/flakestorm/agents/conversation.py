"""A conversation for agents that take one text: its turns in one transcript."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def transcript(turns: Sequence[str]) -> str:
    """``turns`` as one text: a single turn is sent untouched, several are told apart by who speaks.

    The agent's own earlier replies are not known when everything is sent at once, so they are not in it.
    """
    if len(turns) == 1:
        return turns[0]
    return "\n\n".join(f"User: {turn}" for turn in turns)


def messages(turns: Sequence[str], replies: Iterable[str] = ()) -> list[dict[str, str]]:
    """``turns`` and the ``replies`` to the earlier ones as chat messages: user, assistant, user …"""
    spoken: list[dict[str, str]] = []
    answers = iter(replies)
    for turn in turns:
        spoken.append({"role": "user", "content": turn})
        answer = next(answers, None)
        if answer is not None:
            spoken.append({"role": "assistant", "content": answer})
    return spoken
