"""The YAML parser's complaints, in words that say what to do."""

from __future__ import annotations

from typing import Any

import yaml

from flakestorm.core.config_errors import Place, Problem

_SYNTAX = {
    "mapping values are not allowed": "': ' does not fit here; quote the value, or check the indentation",
    "did not find expected key": "a key is expected here; check the indentation, and quotes inside quotes",
    "expected <block end>": "check the indentation, and quotes inside quotes",
    "could not find expected ':'": "a key needs ': ' after it; check the indentation",
    "did not find expected '-' indicator": "'-' is expected here; is a quote before it not closed?",
    "expected alphabetic or numeric character": "text that begins with * or & needs quotes around it",
    "tab character that violates indentation": "a tab cannot indent YAML; use spaces",
    "expected ',' or ']'": "a list in [ ] lacks its ']' or a comma",
    "expected ',' or '}'": "a mapping in { } lacks its '}' or a comma",
    "found unexpected end of stream": "a quoted text is never closed",
    "did not find expected node content": "a value is expected here",
    "found unknown escape character": "this backslash is no escape that YAML knows; use single quotes",
}
"""Part of what libyaml (or PyYAML without it) says, and what somebody who writes files needs to know."""


def syntax_problem(error: yaml.MarkedYAMLError, lines: list[str]) -> Problem:
    """What is wrong and where; ``lines`` are those of the text."""
    mark = error.problem_mark or error.context_mark
    begun = error.context_mark
    what = error.problem or "unreadable"
    if mark is not None and begun is not None and _is_end(mark, lines):
        # The parser noticed at the end of the file; the cause is where the unfinished thing began.
        mark, begun = begun, None
    place = Place(mark.line + 1, mark.column + 1) if mark else None
    message = next((said for part, said in _SYNTAX.items() if part in what), what)
    if "cannot start any token" in what and mark is not None and mark.line < len(lines):
        first = lines[mark.line][mark.column : mark.column + 1]
        message = (
            "a tab cannot indent YAML; use spaces"
            if first == "\t"
            else f"a value cannot begin with {first!r}; put quotes around it"
        )
    if begun is not None and mark is not None and begun.line != mark.line:
        message += f" (what it belongs to begins in line {begun.line + 1})"
    return Problem(f"not valid YAML: {message}", place=place)


def _is_end(mark: Any, lines: list[str]) -> bool:
    rest = lines[mark.line :]  # empty where the parser counts one line more than there is
    return not any(line[mark.column if not index else 0 :].strip() for index, line in enumerate(rest))
