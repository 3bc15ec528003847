"""Makes a failing input small: of its turns, edits, words and characters only those that it takes to fail.

The reduction asks and is answered; who sends the probes, how many at once and where the answers come from is
not its business. Every probe that fails becomes ``best``, so that it may be stopped at any time.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from itertools import pairwise
from typing import TypeVar

from flakestorm.model.mutation import Edit, Mutation, apply_edits
from flakestorm.model.prompt import GoldenPrompt
from flakestorm.mutations.atoms import WORD, by_characters, by_words, is_divisible, trimmed

T = TypeVar("T")

LONG_PROMPT = 60
"""Golden prompts above this many characters are made shorter too."""
LONG_ADDITION = 100
"""What adds so many characters may fail for its length, whatever it says."""
SHORT_ADDITION = 24
"""What fails with so few characters more does not fail for its length."""
HOPELESS = 8
"""When not one of so many parts can be left out, they are needed together."""
FILLER = "and so on "


class Answer(Enum):
    """What became of a probe."""

    FAILS = "fails"
    """The same rule is broken."""
    PASSES = "passes"
    """The rule was judged, and holds."""
    UNCLEAR = "unclear"
    """Anything else: the rule could not be judged."""


@dataclass(frozen=True, slots=True)
class Reduced:
    """An input as what should pass (``before``) and the ``edits`` of it that should make it fail.

    ``earlier`` are the turns sent before it. ``length`` is set when nothing but the number of characters
    matters.
    """

    before: str
    edits: tuple[Edit, ...]
    earlier: tuple[str, ...] = ()
    length: int | None = None

    @property
    def turns(self) -> tuple[str, ...]:
        """What is sent, turn by turn."""
        return (*self.earlier, apply_edits(self.before, self.edits))

    @property
    def text(self) -> str:
        """The last turn."""
        return self.turns[-1]


Probes = Generator[Reduced, Answer, T]
"""Yields inputs to try, is sent what became of them, returns something in the end."""


class Reduction:
    """One failing input on its way to become small. ``best`` is the smallest that failed so far."""

    def __init__(self, prompt: GoldenPrompt, mutation: Mutation) -> None:
        self._golden = Reduced(prompt.text, (), prompt.turns[:-1])
        self.best = Reduced(prompt.text, mutation.edits, mutation.turns[:-1])

    def steps(self) -> Probes[None]:
        """All stages, the coarse ones first. A probe without edits is expected to pass.

        Nothing is done where the golden prompt itself does not pass: then it would be reduced to nothing.
        """
        if (yield self._golden) is not Answer.PASSES:
            return
        yield from self._turns()
        yield from self._fewer(self.best.edits)
        if (yield from self._blank()) or (yield from self._length()):
            return
        yield from self._fewer(by_words(self.best.before, self.best.edits))
        yield from self._told_apart()
        yield from self._fewer(by_characters(self.best.before, self.best.edits))
        if len(self.best.before) > LONG_PROMPT:
            yield from self._prompt()

    def _turns(self) -> Probes[None]:
        """Leave out the turns that the mutation put before the prompt."""
        earlier = self.best.earlier
        if earlier == self._golden.earlier:
            return
        if (yield from self._fails(replace(self.best, earlier=self._golden.earlier))):
            return

        def with_turns(kept: Sequence[str]) -> Probes[bool]:
            return self._fails(replace(self.best, earlier=tuple(kept)))

        yield from smallest(earlier, with_turns)

    def _fewer(self, edits: Sequence[Edit]) -> Probes[None]:
        """Keep only those of ``edits`` that it takes."""
        self.best = replace(self.best, edits=tuple(edits))

        def with_edits(kept: Sequence[Edit]) -> Probes[bool]:
            return self._fails(replace(self.best, edits=tuple(kept)))

        yield from smallest(edits, with_edits)

    def _blank(self) -> Probes[bool]:
        """Whether the input has become nothing, or nothing to see: then a shorter one is tried at once."""
        text = self.best.text
        if text.strip():
            return False
        for shorter in dict.fromkeys(("", text[:1])):
            if len(shorter) < len(text):
                whole = Edit(0, len(self.best.before), shorter)
                if (yield from self._fails(replace(self.best, edits=(whole,)))):
                    break
        return True

    def _length(self) -> Probes[bool]:
        """Whether any text of that length fails; then the shortest such length is found by bisection."""
        before, text = self.best.before, self.best.text
        most = len(text) - len(before)
        if most < LONG_ADDITION:
            return False
        added = [trimmed(before, edit) for edit in self.best.edits]
        place = max(added, key=lambda edit: len(edit.replacement)).start

        def filled(count: int) -> Reduced:
            filler = (FILLER * (count // len(FILLER) + 1))[:count]
            filler = f" {filler[1:]}" if place == len(before) else f"{filler[:-1]} "
            return replace(self.best, edits=(Edit(place, place, filler),), length=len(before) + count)

        if (yield filled(most)) is not Answer.FAILS or (yield filled(SHORT_ADDITION)) is not Answer.PASSES:
            return False
        self.best = filled(most)
        low, high = SHORT_ADDITION, most
        while high - low > max(4, (len(before) + high) // 100):
            middle = (low + high) // 2
            if (yield from self._fails(filled(middle))):
                high = middle
            else:
                low = middle
        return True

    def _told_apart(self) -> Probes[None]:
        """Where one word stands for another: does it take the new one, or is the old one missed?"""
        before, edits = self.best.before, self.best.edits
        if len(edits) != 1 or is_divisible(before, edits[0]):
            return
        (edit,) = edits
        if (yield from self._fails(replace(self.best, edits=(Edit(edit.end, edit.end, edit.replacement),)))):
            return
        doubled = before[: edit.start].endswith(" ") and before[edit.end :].startswith(" ")
        without = replace(self.best, edits=(Edit(edit.start - doubled, edit.end, ""),))
        if without.text.strip():
            yield from self._fails(without)

    def _prompt(self) -> Probes[None]:
        """Leave out words of the golden prompt, as long as what is left passes without the edits."""
        before, edits = self.best.before, self.best.edits
        words = _Words(before, edits)

        def with_words(kept: Sequence[int]) -> Probes[bool]:
            shorter, moved = words.only(kept)
            candidate = replace(self.best, before=shorter, edits=moved)
            # The edits nearly always fail; whether the rest is still a prompt that passes is the question.
            if (yield replace(candidate, edits=())) is not Answer.PASSES:
                return False
            return (yield from self._fails(candidate))

        yield from smallest(words.optional, with_words)

    def _fails(self, candidate: Reduced) -> Probes[bool]:
        if (yield candidate) is not Answer.FAILS:
            return False
        self.best = candidate
        return True


def smallest(items: Sequence[T], fails: Callable[[Sequence[T]], Probes[bool]]) -> Probes[Sequence[T]]:
    """A part of ``items``, which fail together, from which no further one can be left out (delta debugging).

    It begins with halves: one guilty item of n is found in 2 log₂ n probes.
    """
    parts, shrunk = 2, False
    while len(items) > 1:
        for start, end in _parts(len(items), parts):
            rest = [*items[:start], *items[end:]]
            if (yield from fails(rest)):
                items, parts, shrunk = rest, max(parts - 1, 2), True
                break
        else:
            if parts >= len(items) or (parts >= HOPELESS and not shrunk):
                break
            parts = min(2 * parts, len(items))
    return items


def _parts(length: int, count: int) -> list[tuple[int, int]]:
    bounds = [length * number // count for number in range(count + 1)]
    return list(pairwise(bounds))


class _Words:
    """The words of a prompt: those that edits touch must stay, the others are optional."""

    def __init__(self, text: str, edits: Sequence[Edit]) -> None:
        self._spans = [match.span() for match in WORD.finditer(text)]
        self._text = text
        self._edits = edits
        self._touched = {place for edit in edits for place in self._places(edit)}
        self.optional = [place for place in range(len(self._spans)) if place not in self._touched]

    def _places(self, edit: Edit) -> range:
        """The words that an edit changes; an insertion between two words touches neither."""
        first = bisect_right(self._spans, (edit.start, len(self._text) + 1)) - 1
        if edit.start == edit.end and (first < 0 or edit.start in self._spans[first]):
            return range(0)
        last = bisect_right(self._spans, (max(edit.end - 1, edit.start), len(self._text) + 1)) - 1
        return range(first, last + 1)

    def only(self, kept: Sequence[int]) -> tuple[str, tuple[Edit, ...]]:
        """The text of the ``kept`` words and those that must stay, and the edits at their new places."""
        stay = sorted({*kept, *self._touched})
        pieces: list[str] = []
        moves: list[tuple[int, int, int]] = []
        length = 0
        for place in stay:
            start, end = self._spans[place]
            piece = self._text[start:end]
            if not pieces and place and place not in self._touched:
                start += len(piece) - len(piece.lstrip())
                piece = self._text[start:end]
            moves.append((start, end, length))
            pieces.append(piece)
            length += len(piece)
        edits = tuple(
            Edit(_moved(edit.start, moves), _moved(edit.end, moves), edit.replacement) for edit in self._edits
        )
        return "".join(pieces), edits


def _moved(position: int, moves: Sequence[tuple[int, int, int]]) -> int:
    """Where ``position`` of the long text is in the short one: in its word, or behind the one before."""
    new = 0
    for start, end, at in moves:
        if position < start:
            break
        new = at + min(position, end) - start
    return new
