"""Slips of the finger: a neighbouring key on three keyboard layouts."""

from __future__ import annotations

from random import Random

from flakestorm.model.mutation import Edit, Kind
from flakestorm.mutations.edits import drafted, pick
from flakestorm.mutations.registry import Draft, Source, operator
from flakestorm.mutations.wording import Word

LAYOUTS = {
    "qwerty": ("1234567890-=", "qwertyuiop[]", "asdfghjkl;'", "zxcvbnm,./"),
    "azerty": ("&é\"'(-è_çà)=", "azertyuiop^$", "qsdfghjklmù*", "wxcvbn,;:!"),
    "qwertz": ("1234567890ß´", "qwertzuiopü+", "asdfghjklöä#", "yxcvbnm,.-"),
}
"""Rows of keys from the top; each row is shifted half a key to the right of the one above it."""


def neighbours(rows: tuple[str, ...]) -> dict[str, str]:
    """Key → the letters beside it on the same row and the two that it touches above and below."""
    found: dict[str, str] = {}
    for number, row in enumerate(rows):
        for column, key in enumerate(row):
            near = [(number, column - 1), (number, column + 1)]
            near += [
                (number - 1, column),
                (number - 1, column + 1),
                (number + 1, column - 1),
                (number + 1, column),
            ]
            found[key] = "".join(
                rows[line][place]
                for line, place in near
                if 0 <= line < len(rows) and 0 <= place < len(rows[line]) and rows[line][place].isalpha()
            )
    return found


NEIGHBOURS = {name: neighbours(rows) for name, rows in LAYOUTS.items()}


def _slip(word: Word, rng: Random, near: dict[str, str]) -> Edit | None:
    # Start at a random letter and take the first that is on the keyboard.
    first = rng.randrange(len(word.text))
    for step in range(len(word.text)):
        place = (first + step) % len(word.text)
        letter = word.text[place]
        keys = near.get(letter.lower())
        if keys:
            key = rng.choice(keys)
            start = word.start + place
            return Edit(start, start + 1, key.upper() if letter.isupper() and key != "ß" else key)
    return None


def _slips(source: Source, rng: Random, intensity: float, layout: str) -> Draft | None:
    words = source.wording.long_words
    if not words:
        return None
    near = NEIGHBOURS[layout]
    found = (_slip(word, rng, near) for word in pick(rng, words, intensity))
    return drafted(edit for edit in found if edit)


@operator("noise", "key_qwerty", Kind.PRESERVES_MEANING, weight=2.0)
def key_qwerty(source: Source, rng: Random, intensity: float) -> Draft | None:
    """Hits a neighbouring key of the QWERTY keyboard, one in a word."""
    return _slips(source, rng, intensity, "qwerty")


@operator("noise", "key_azerty", Kind.PRESERVES_MEANING)
def key_azerty(source: Source, rng: Random, intensity: float) -> Draft | None:
    """Hits a neighbouring key of the AZERTY keyboard, one in a word."""
    return _slips(source, rng, intensity, "azerty")


@operator("noise", "key_qwertz", Kind.PRESERVES_MEANING)
def key_qwertz(source: Source, rng: Random, intensity: float) -> Draft | None:
    """Hits a neighbouring key of the QWERTZ keyboard, one in a word."""
    return _slips(source, rng, intensity, "qwertz")
