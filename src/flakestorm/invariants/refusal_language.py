r"""The phrases with which a language declines, excuses, offers and delivers; one text file per language.

A file in ``refusal_phrases/`` has these sections; adding a language is adding a file.

    [cues]         words; a piece of text without any of them declines nothing in this language
    [declines]     the speaker says no
    [exceptions]   looks like declining and is not
    [fillers]      says sorry, explains, offers or refers, and so gives nothing of what was asked
    [delivers]     what stands here, or follows, is something that was asked for
    [turns]        words that begin a new piece after a comma ("but")
    [concessions]  words that begin a sentence whose second half stands alone ("although")

Every line but the cues is a regular expression for lower-case text with straight quotes. It is matched inside
one piece of a sentence; gaps are bounded (``.{0,80}``), so that time stays linear in the length of the text.
"""

from __future__ import annotations

import re
from functools import cache, cached_property
from pathlib import Path

FOLDER = Path(__file__).parent / "refusal_phrases"

# The characters stand in front, so that the engine skips everything else quickly.
_SENTENCE_END = r"(?<=[.!?])[.!?]*[\"')\]]{0,3}(?=\s)|(?<=[;:])(?=\s)|(?<=\n)|(?<=\s[–—-])(?=\s)"
_WORD = re.compile(r"\w+")


class Language:
    """One language's file; a pattern is compiled when a text first needs it."""

    def __init__(self, text: str) -> None:
        self._sections = _sections(text)
        self.cues = frozenset(" ".join(self._sections["cues"]).split())

    @cached_property
    def breaks(self) -> re.Pattern[str]:
        """Where a piece of text ends; the mark belongs to the piece before it."""
        turns = "|".join(self._sections["turns"])
        return re.compile(rf"[.!?;:,\n–—-](?:{_SENTENCE_END}|(?<=,)(?=\s+(?:{turns})\b))")

    @cached_property
    def concessions(self) -> re.Pattern[str]:
        """The beginning of a concession."""
        return re.compile(rf"(?:{'|'.join(self._sections['concessions'])})\b")

    @cached_property
    def fillers(self) -> re.Pattern[str]:
        """An excuse, explanation, offer or referral."""
        return re.compile("|".join(self._sections["fillers"]))

    @cached_property
    def delivers(self) -> re.Pattern[str]:
        """A phrase that comes with something that was asked for."""
        return re.compile("|".join(self._sections["delivers"]))

    def declined_by(self, piece: str) -> bool:
        """Whether the speaker of ``piece`` says no."""
        return (
            not self.cues.isdisjoint(_WORD.findall(piece))
            and self._declines.search(piece) is not None
            and self._exceptions.search(piece) is None
        )

    @cached_property
    def _declines(self) -> re.Pattern[str]:
        return re.compile("|".join(self._sections["declines"]))

    @cached_property
    def _exceptions(self) -> re.Pattern[str]:
        return re.compile("|".join(self._sections["exceptions"]))


@cache
def languages() -> tuple[Language, ...]:
    """All languages in the order of their file names, read at the first use."""
    return tuple(Language(path.read_text("utf-8")) for path in sorted(FOLDER.glob("*.txt")))


def _sections(text: str) -> dict[str, list[str]]:
    sections: dict[str, list[str]] = {}
    for line in text.splitlines():
        if re.fullmatch(r"\[[a-z]+\]", line):
            lines = sections[line[1:-1]] = []
        elif line and not line.startswith("#"):
            lines.append(line)
    return sections
