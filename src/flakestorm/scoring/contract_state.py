"""Does the agent remember earlier trials? Told from its replies to the same prompt, asked again and again.

Nothing but the order of undisturbed trials can tell a memory from mere chance, so the question is: if the
order did not matter, how often would replies move on like this?
"""

from __future__ import annotations

import re
from itertools import pairwise
from math import factorial

from flakestorm.model.prompt import GoldenPrompt
from flakestorm.model.record import TrialRecord

CHANCE = 0.2
"""A pattern that comes about by chance more often than this tells nothing. What is told is a hint."""
CERTAIN = 1e-6
ENOUGH = 3
"""Replies that make a sequence."""
MOST = 6
"""Replies to one prompt beyond which nobody asks again."""
QUOTED = 24
"""Characters of another prompt that no reply has by chance."""
KEPT = 4000
"""Characters of a reply that are compared."""

_NUMBER = re.compile(r"\d+")


class ControlReplies:
    """The undisturbed replies by prompt and repeat; those of a ``deterministic`` agent may not differ."""

    def __init__(self, deterministic: bool = False) -> None:
        self._deterministic = deterministic
        self._prompts: dict[str, GoldenPrompt] = {}
        self._replies: dict[str, dict[int, str]] = {}

    def add(self, record: TrialRecord) -> None:
        """Take note of a trial of the control arm."""
        prompt, reply = record.trial.prompt, record.outcome.reply
        self._prompts[prompt.id] = prompt
        if reply is not None:
            self._replies.setdefault(prompt.id, {})[record.trial.repeat] = reply[:KEPT]

    def drift(self) -> str:
        """What shows a memory, in a sentence; an empty string where nothing does."""
        changed = self._changed()
        if self._deterministic and changed:
            label = _short(self._prompts[min(changed)].text)
            return f"It is said to be deterministic, and answered '{label}' differently when asked again."
        quoted = self._quotation()
        if quoted:
            return quoted
        if not changed or self._chance(changed) > CHANCE:
            return ""
        label = _short(self._prompts[min(changed)].text)
        return (
            f"Its replies to {_count(len(changed))} move on each time the prompt is asked again, as to "
            f"'{label}', and are the same otherwise."
        )

    def undecided(self) -> tuple[GoldenPrompt, ...]:
        """The prompts to ask once more, because their replies may move on or differ by chance."""
        changed = self._changed()
        if not changed or self._deterministic or self.drift():
            return ()
        if max(map(len, changed.values())) >= MOST or self._chance(changed) >= 1:
            return ()
        return tuple(self._prompts[id_] for id_ in sorted(changed))

    def _changed(self) -> dict[str, list[str]]:
        """Prompt id → its replies in order, where they are not all the same."""
        ordered = {id_: [by[repeat] for repeat in sorted(by)] for id_, by in self._replies.items()}
        return {id_: replies for id_, replies in ordered.items() if len(set(replies)) > 1}

    def _chance(self, changed: dict[str, list[str]]) -> float:
        """How likely all of ``changed`` came in such an order by chance; 1 where one shows no order."""
        chance = 1.0
        for replies in changed.values():
            one = chance_of(replies)
            if one >= 1:
                return 1.0
            chance *= one
        return chance

    def _quotation(self) -> str:
        for id_, by_repeat in sorted(self._replies.items()):
            own = "\n".join(self._prompts[id_].turns)
            for other_id, other in sorted(self._prompts.items()):
                text = other.text.strip()
                if other_id == id_ or len(text) < QUOTED or text in own:
                    continue
                if any(text in reply for reply in by_repeat.values()):
                    return f"A reply to '{_short(own)}' quotes another trial's prompt, '{_short(text)}'."
        return ""


def chance_of(replies: list[str]) -> float:
    """How likely ``replies`` came in an order like theirs if the order means nothing; 1 for no order at all.

    They count up, they grow, or the first is unlike all later ones, which are equal.
    """
    if len(replies) < 2:
        return 1.0
    pairs = list(pairwise(replies))
    long_enough = len(replies) >= ENOUGH
    if long_enough and all(first and first in second and first != second for first, second in pairs):
        return CERTAIN
    if _counts_in_steps(replies):
        return CERTAIN if long_enough else 0.5
    if _counts_up(replies):
        return 1 / factorial(len(replies))
    if long_enough and replies[0] != replies[1] and len(set(replies[1:])) == 1:
        return 1 / len(replies)
    return 1.0


def _numbers(replies: list[str]) -> list[tuple[int, ...]]:
    """For each place at which the replies have different numbers, these in order; none for other texts."""
    if len({_NUMBER.sub("0", reply) for reply in replies}) != 1:
        return []
    columns = zip(
        *([int(number[:18]) for number in _NUMBER.findall(reply)] for reply in replies), strict=True
    )
    return [column for column in columns if len(set(column)) > 1]


def _counts_up(replies: list[str]) -> bool:
    columns = _numbers(replies)
    return bool(columns) and all(first < second for column in columns for first, second in pairwise(column))


def _counts_in_steps(replies: list[str]) -> bool:
    return _counts_up(replies) and all(
        len({second - first for first, second in pairwise(column)}) == 1 for column in _numbers(replies)
    )


def _count(prompts: int) -> str:
    return "one prompt" if prompts == 1 else f"{prompts} prompts"


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 60 else line[:59] + "…"
