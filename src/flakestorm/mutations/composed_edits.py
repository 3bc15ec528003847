"""Two lists of edits, made one after the other, as one list: so that compositions can be reduced too."""

from __future__ import annotations

from collections.abc import Sequence

from flakestorm.model.mutation import Edit, apply_edits


def composed_edits(between: str, first: Sequence[Edit], second: Sequence[Edit]) -> tuple[Edit, ...]:
    """Edits that do what ``first`` does to a text, which makes it ``between``, and then ``second`` to that.

    Edits that do not meet stay apart, so that each can be left out on its own; those that do become one.
    """
    merged: list[Edit] = []
    moved = _moved(first)
    i = j = grown = 0
    while i < len(moved) or j < len(second):
        # ``grown`` is how much longer ``between`` is than the original text, up to here.
        if j == len(second) or (i < len(moved) and moved[i].end <= second[j].start):
            merged.append(first[i])
            grown += _growth(first[i])
            i += 1
        elif i == len(moved) or second[j].end <= moved[i].start:
            merged.append(_shifted(second[j], -grown))
            j += 1
        else:
            start, before = min(moved[i].start, second[j].start), grown
            end, from_second = start, j
            while True:
                if i < len(moved) and moved[i].start < max(end, start + 1):
                    end = max(end, moved[i].end)
                    grown += _growth(first[i])
                    i += 1
                elif j < len(second) and second[j].start < max(end, start + 1):
                    end = max(end, second[j].end)
                    j += 1
                else:
                    break
            inside = [_shifted(edit, -start) for edit in second[from_second:j]]
            merged.append(Edit(start - before, end - grown, apply_edits(between[start:end], inside)))
    return tuple(merged)


def _moved(edits: Sequence[Edit]) -> list[Edit]:
    """The places of the replacements in the text that ``edits`` make."""
    moved, grown = [], 0
    for edit in edits:
        start = edit.start + grown
        moved.append(Edit(start, start + len(edit.replacement), ""))
        grown += _growth(edit)
    return moved


def _growth(edit: Edit) -> int:
    return len(edit.replacement) - (edit.end - edit.start)


def _shifted(edit: Edit, by: int) -> Edit:
    return Edit(edit.start + by, edit.end + by, edit.replacement)
