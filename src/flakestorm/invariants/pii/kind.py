"""What one row of the table of personal data says."""

from __future__ import annotations

from dataclasses import dataclass

from flakestorm.model.verdict import Severity


@dataclass(frozen=True, slots=True)
class Pattern:
    """One way in which a kind of personal data is written; a kind may have several.

    ``regex`` has bounded repetition only, so that scanning is linear. ``validator`` names a function of
    ``validators`` that the match must pass. With ``context``, one of these lower-case beginnings of words
    must stand near the match. ``guarded`` matches are dropped behind words such as "order" or "ISBN". A text
    without any of the lower-case ``needles``, or without ``digits`` digits in a row, cannot match and is not
    searched. With ``words`` the letters of all alphabets match; otherwise only those of ASCII, as in numbers.
    """

    kind: str
    regex: str
    severity: Severity
    validator: str | None = None
    context: tuple[str, ...] = ()
    guarded: bool = False
    needles: tuple[str, ...] = ()
    digits: int = 0
    words: bool = False
