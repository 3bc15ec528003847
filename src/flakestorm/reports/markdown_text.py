"""Text in Markdown: hostile text shows as it is, and never becomes a link, a mention or markup."""

from __future__ import annotations

import re

from flakestorm.reports.visible import visible

_PUNCTUATION = re.compile(r"([\\`*_\[\]<>#|~&$])")
_LIST_OR_RULE = re.compile(r"^( *\d*)([-+=.)])")
# GitHub and GitLab make references of these even where Markdown's own escapes take their meaning away;
# a comment in between shows nothing and keeps them apart.
_REFERENCE = re.compile(r"([@#!~%&$:])(?=[\w/\\])|(?i:(www))(?=\.)")
_APART = "<!-- -->"


def code(text: str, limit: int = 160) -> str:
    """``text`` on one line as a code span, hidden characters named, cut to ``limit`` characters."""
    shown = visible(text, limit)
    if not shown.strip():
        return f"({len(shown)} spaces)" if shown else "(empty)"
    longest = max((len(run) for run in re.findall("`+", shown)), default=0)
    fence = "`" * (longest + 1)
    # One space at each end is taken away by the reader, where both ends have one.
    pad = " " if shown[0] in " `" or shown[-1] in " `" else ""
    return f"{fence}{pad}{shown}{pad}{fence}"


def cell(text: str, limit: int = 60) -> str:
    """``text`` as a code span that stays in its cell of a table."""
    # Readers differ on what a backslash before a bar means, so that such a bar is named.
    return code(visible(text, limit).replace("\\|", "\\U+007C").replace("|", "\\|"), 2 * limit + 20)


def prose(text: str, limit: int = 400) -> str:
    """``text`` on one line as running text that Markdown gives no meaning to."""
    escaped = _PUNCTUATION.sub(r"\\\1", visible(text, limit))
    return _REFERENCE.sub(lambda found: found.group() + _APART, _LIST_OR_RULE.sub(r"\1\\\2", escaped))
