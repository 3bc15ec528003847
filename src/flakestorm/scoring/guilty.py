"""Says in plain words what is special about a minimal failing input: "has a trailing newline"."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from flakestorm.model.mutation import Edit, apply_edits
from flakestorm.scoring.characters import INVISIBLE, kinds, named, named_all

LONGEST_QUOTED = 40
"""Additions above this many characters are not quoted."""
MOST_WORDS = 3
"""Additions of more words are sentences, and the operator says better what they are."""

LONG_WORD = 4
"""Fewer capitals than this, all by themselves, are not a word."""
MISSPELT = "has a misspelt word"
UPPER_CASE = "has letters in upper case"

_WHITE = {"\n": "newline", "\t": "tab", " ": "space", "\r": "carriage return"}
_WORDLESS = ({"emoji"}, {"symbol"}, {"invisible"}, {"mark"})
"""Kinds of characters that are named instead of quoted."""

_LETTER = re.compile(r"\w")
_NUMBER_WORDS = re.compile(
    r"\b(?:zero|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\w+teen|\w+ty|hundred|thousand)\b",
    re.IGNORECASE,
)


def guilty_clause(before: str, edits: Sequence[Edit], length: int | None = None) -> str:
    """What the ``edits`` of ``before`` make of it, as "when the prompt …" goes on; "" when words fail.

    ``length`` is the number of characters above which the failure begins, where nothing else matters.
    """
    if length is not None:
        return f"is longer than about {_rounded(length):,} characters"
    text = apply_edits(before, edits)
    if not text:
        return "is empty"
    if not text.strip():
        return "is nothing but white space"
    if len(text) == 1 < len(before):
        return "is a single character"
    clauses = list(dict.fromkeys(_clause(before, edit) for edit in _joined(edits)))
    if "" in clauses or len(clauses) > 2:
        return ""
    return " and ".join(clauses)


def _rounded(length: int) -> int:
    """Two significant digits: the bisection is no more exact than that."""
    step = int(10 ** max(0, len(str(length)) - 2))
    return round(length / step) * step


def _joined(edits: Sequence[Edit]) -> list[Edit]:
    """Edits side by side as one: a mutation that drops a whole word does not drop six letters.

    Insertions at one place belong together, and so do changes in a row; an insertion and a change do not.
    """
    joined: list[Edit] = []
    for edit in edits:
        last = joined[-1] if joined else None
        if last is not None and last.end == edit.start and _inserts(last) == _inserts(edit):
            joined[-1] = Edit(last.start, edit.end, last.replacement + edit.replacement)
        else:
            joined.append(edit)
    return joined


def _inserts(edit: Edit) -> bool:
    return edit.start == edit.end


def _clause(before: str, edit: Edit) -> str:
    old, new = before[edit.start : edit.end], edit.replacement
    if not new:
        return _taken_away(before, edit, old)
    if not old:
        return _put_in(before, edit, new)
    return _replaced(before, edit, old, new)


def _put_in(before: str, edit: Edit, new: str) -> str:
    if not new.strip(" \t\r\n"):
        return _white(before, edit.start, new)
    bare = new.strip() or new
    words = bare.split()
    found = kinds(bare)
    if found == {"letter"} and _cuts_word(before, edit, new):
        return MISSPELT
    solid = "".join(words) or bare
    if (len(set(bare)) == 1 and found != {"letter"}) or kinds(solid) in _WORDLESS:
        return f"contains {named_all(solid)}"
    if len(bare) > LONGEST_QUOTED or len(words) > MOST_WORDS:
        return ""
    if bare.isascii() and bare.isalpha() and bare.isupper() and len(bare) < LONG_WORD:
        return UPPER_CASE
    if all(word.isalpha() for word in words):
        return f"contains {_words(words)}" if len(bare) > 1 else f"contains {named(bare)}"
    return f"contains '{_shown(bare)}'"


def _taken_away(before: str, edit: Edit, old: str) -> str:
    bare = old.strip()
    words = bare.split()
    if not bare:
        return "has words run together"
    if len(bare) == 1 and not bare.isalnum():
        return f"lacks {named(bare)}"
    if len(words) == 1 and _cuts_word(before, edit, old):
        return MISSPELT
    if len(words) <= MOST_WORDS and len(bare) <= LONGEST_QUOTED:
        return f"lacks {_words(words)}"
    return "lacks a part of it"


def _words(words: Sequence[str]) -> str:
    return f"the word{'s' if len(words) > 1 else ''} '{_shown(' '.join(words))}'"


def _replaced(before: str, edit: Edit, old: str, new: str) -> str:
    if old.casefold() == new.casefold():
        return _case(old, new)
    if not new.strip() and not old.strip():
        return _white(before, edit.start, new)
    if unicodedata.normalize("NFKC", new).casefold() == unicodedata.normalize("NFKC", old).casefold():
        return _other_form(old, new)
    if _without_marks(new).casefold() == _without_marks(old).casefold():
        return "has accents" if len(_decomposed(new)) > len(_decomposed(old)) else "lacks its accents"
    numbers = _number(old, new)
    if numbers:
        return numbers
    if old.isalpha() and new.isalpha() and old.isascii() and not new.isascii() and len(old) == len(new):
        return _foreign(new)
    is_slip = _cuts_word(before, edit, old) or sorted(old) == sorted(new)
    if is_slip and old.isalpha() and new.isalpha() and new.isascii():
        return MISSPELT
    solid = "".join(new.split())
    if kinds(solid) in ({"emoji"}, {"symbol"}):
        return f"contains {named_all(solid)}"
    if len(new.strip()) == 1 and not new.strip().isalnum():
        return f"contains {named(new.strip())}"
    if max(len(old), len(new)) <= LONGEST_QUOTED and max(len(old.split()), len(new.split())) <= MOST_WORDS:
        return f"says '{_shown(new.strip())}' instead of '{_shown(old.strip())}'"
    return ""


def _foreign(new: str) -> str:
    foreign = [character for character in new if not character.isascii()]
    if len(foreign) == 1 and "LATIN" in unicodedata.name(foreign[0], ""):
        return f"contains {named(foreign[0])}"
    return "contains look-alike letters of another script"


def _case(old: str, new: str) -> str:
    changed = [(a, b) for a, b in zip(old, new, strict=False) if a != b]
    if all(b.isupper() for _, b in changed):
        return UPPER_CASE
    if all(b.islower() for _, b in changed):
        return "has capitals in lower case"
    return "has letters in another case"


def _other_form(old: str, new: str) -> str:
    if unicodedata.normalize("NFC", old) == unicodedata.normalize("NFC", new):
        return "has accents as separate marks" if len(new) > len(old) else "has accents as part of the letter"
    if all("\uff01" <= character <= "\uff5e" for character in new if not character.isspace()):
        return "has full-width characters"
    if any(unicodedata.category(character) in INVISIBLE for character in new):
        hidden = next(c for c in new if unicodedata.category(c) in INVISIBLE)
        return f"contains {named(hidden)}"
    return "has letters of another alphabet style"


def _number(old: str, new: str) -> str:
    if any(c.isdigit() for c in old) and not any(c.isdigit() for c in new) and _NUMBER_WORDS.search(new):
        return "has digits written as words"
    if any(c.isdigit() for c in new) and not any(c.isdigit() for c in old) and _NUMBER_WORDS.search(old):
        return "has number words written as digits"
    return ""


def _white(before: str, place: int, new: str) -> str:
    name = next((_WHITE[c] for c in "\n\t\r " if c in new), "")
    if not name:
        return f"contains {named(new[0])}"
    if place >= len(before.rstrip()):
        return f"has a trailing {name}"
    if place <= len(before) - len(before.lstrip()):
        return f"has a leading {name}"
    if place and before[place - 1].isalnum() and before[place].isalnum():
        return "has a word split in two"
    return {"space": "has doubled spaces"}.get(name, f"contains a {name}")


def _cuts_word(text: str, edit: Edit, middle: str) -> bool:
    """Whether ``middle``, put in or taken away by ``edit``, is a part of a word that goes on beside it."""
    left, right = text[max(0, edit.start - 1) : edit.start], text[edit.end : edit.end + 1]
    return bool(_LETTER.match(left) and _LETTER.match(middle)) or bool(
        _LETTER.match(right) and _LETTER.match(middle[-1:])
    )


def _decomposed(text: str) -> str:
    return unicodedata.normalize("NFD", text)


def _without_marks(text: str) -> str:
    return "".join(c for c in _decomposed(text) if not unicodedata.category(c).startswith("M"))


def _shown(text: str) -> str:
    return "".join(
        f"U+{ord(c):04X}" if unicodedata.category(c) in INVISIBLE and c != " " else c for c in text
    )
