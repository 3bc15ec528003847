"""Which parts of a prompt carry exact values, so that meaning-preserving operators leave them alone."""

from __future__ import annotations

import re
from functools import lru_cache

from flakestorm.mutations.dates import MONTH_NAMES
from flakestorm.mutations.units import UNIT_WORDS

Span = tuple[int, int]
"""(start, end) in code points."""

_MONTH = rf"(?:{MONTH_NAMES})"
_UNIT = rf"(?:\s?(?:{UNIT_WORDS}|%|°|[ap]\.?m\b\.?|st|nd|rd|th)(?!\w))?"

# Every alternative is bounded or starts where no match could have begun earlier: matching is linear.
PATTERN = re.compile(
    rf"""
      ```.*?```                                                     # fenced code
    | `[^`\n]+`                                                     # code
    | \b(?:[a-z][a-z0-9+.-]{{1,9}}://|www\.)[^\s<>"'`{{}}]+         # URLs
    | (?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+                      # e-mail addresses
    | \$?\{{\{{?[^{{}}\n]{{1,200}}\}}\}}?                           # {{placeholders}}
    | "[^"\n]{{1,2000}}" | “[^“”\n]{{1,2000}}” | «[^«»\n]{{1,2000}}»  # quoted strings
    | (?<!\w)'[^'\n]{{1,2000}}'(?!\w) | ‘[^‘’\n]{{1,2000}}’(?!\w)
    | (?<!\w)\d{{1,2}}(?:st|nd|rd|th)?\s(?:of\s)?{_MONTH}\b(?:,?\s\d{{4}}\b)?  # 3rd of May 2024
    | (?<!\w){_MONTH}\s\d{{1,2}}(?:st|nd|rd|th)?\b(?:,?\s\d{{4}}\b)?           # May 3, 2024
    | (?<![A-Za-z\#$€£¥_./+-])[A-Za-z\#$€£¥_./+-]*\d[A-Za-z\d.,:/%°€$£¥_+-]*   # anything with a digit
      {_UNIT}
    """,
    re.VERBOSE | re.DOTALL | re.IGNORECASE,
)

_CLOSING = ".,:;/-+_!?)"


@lru_cache(maxsize=64)
def protected_spans(text: str) -> tuple[Span, ...]:
    """Spans of URLs, e-mail addresses, numbers, code, ``{placeholders}`` and quoted strings, in order."""
    spans = []
    for match in PATTERN.finditer(text):
        start = match.start()
        # A full stop or comma after a number or a URL belongs to the sentence.
        spans.append((start, start + max(len(match.group().rstrip(_CLOSING)), 1)))
    return tuple(spans)
