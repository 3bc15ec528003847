"""What a mutation changed, as pieces that a person can read: kept, taken away, put in."""

from __future__ import annotations

import re
from difflib import SequenceMatcher

from flakestorm.model.mutation import Edit

Piece = tuple[str, str]
"""("=" | "-" | "+", text)"""

WORD = re.compile(r"\w+|\s+|[^\w\s]")
LARGE = 2_000
"""Above so many words on a side the comparison would take longer than anybody would read it."""


def differences(before: str, edits: tuple[Edit, ...]) -> list[Piece]:
    """The pieces of ``before`` and of what ``edits`` make of it; large replacements are compared by word."""
    found: list[Piece] = []
    done = 0
    for edit in edits:
        found.append(("=", before[done : edit.start]))
        found.extend(_compare(before[edit.start : edit.end], edit.replacement))
        done = edit.end
    found.append(("=", before[done:]))
    return _merged(found)


def _compare(old: str, new: str) -> list[Piece]:
    old_words, new_words = WORD.findall(old), WORD.findall(new)
    if min(len(old_words), len(new_words)) < 2 or max(len(old_words), len(new_words)) > LARGE:
        return [("-", old), ("+", new)]
    found: list[Piece] = []
    matcher = SequenceMatcher(None, old_words, new_words, autojunk=False)
    if matcher.quick_ratio() < 0.3:
        # Two texts that share a few small words read better whole than shredded.
        return [("-", old), ("+", new)]
    for kind, old_from, old_to, new_from, new_to in matcher.get_opcodes():
        if kind == "equal":
            found.append(("=", "".join(old_words[old_from:old_to])))
        else:
            found.append(("-", "".join(old_words[old_from:old_to])))
            found.append(("+", "".join(new_words[new_from:new_to])))
    return found


def _merged(found: list[Piece]) -> list[Piece]:
    """Without empty pieces, and with neighbours of one kind joined."""
    merged: list[Piece] = []
    for kind, text in found:
        if not text:
            continue
        if merged and merged[-1][0] == kind:
            merged[-1] = (kind, merged[-1][1] + text)
        else:
            merged.append((kind, text))
    return merged
