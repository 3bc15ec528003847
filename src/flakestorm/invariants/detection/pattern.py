"""What one row of the table of patterns says."""

from __future__ import annotations

from dataclasses import dataclass

from flakestorm.model.verdict import Severity


@dataclass(frozen=True, slots=True)
class Pattern:
    """One way in which something is written that a reply should not hold; a kind may have several.

    ``regex`` is written in what Python's ``re`` and Rust's ``regex`` read alike (docs/native.md), with
    bounded repetition only, so that searching is linear. It is searched in folded text, or in the text as
    it is with ``cased``. A text without any of the lower-case ``needles``, or without ``digits`` digits
    in a row, is not searched. With ``context``, one of these lower-case beginnings of words must stand
    near the match. ``validator`` names a check that the match must pass. ``guarded`` matches are dropped
    behind words such as "order" or "ISBN". With ``words`` the letters of all alphabets may not touch the
    match; otherwise only those of ASCII. ``unless_before`` is text and ``unless_after`` a regular
    expression that must not stand there.
    """

    id: str
    kind: str
    category: str
    regex: str
    severity: Severity
    validator: str | None = None
    context: tuple[str, ...] = ()
    guarded: bool = False
    needles: tuple[str, ...] = ()
    digits: int = 0
    words: bool = False
    cased: bool = False
    unless_before: str = ""
    unless_after: str = ""
