"""Reads the table of patterns, which both twins of the engine search with."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from flakestorm.invariants.detection.pattern import Pattern
from flakestorm.model.verdict import Severity

FILE = Path(__file__).with_name("patterns.json")
PERSONAL, INJECTION = "personal", "injection"
_FRAGMENT = re.compile("«([a-zA-Z]+)»")


@cache
def patterns(section: str) -> tuple[Pattern, ...]:
    """The rows of ``PERSONAL`` (with secrets) or of ``INJECTION``, in the order in which they win."""
    return tuple(_rows(_read(), section))


@cache
def _read() -> dict[str, Any]:
    table: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
    return table


def _rows(table: dict[str, Any], section: str) -> Iterator[Pattern]:
    for category, about in table[section].items():
        for kind, rows in about["kinds"].items():
            for number, row in enumerate(rows, 1):
                name = kind if len(rows) == 1 else f"{kind}.{number}"
                yield _pattern(table, row, id=name, kind=kind, category=category, severity=about["severity"])


def _pattern(table: dict[str, Any], row: dict[str, Any], **about: str) -> Pattern:
    fields: dict[str, Any] = {**about, **row}
    context = row.get("context", ())
    # Words that several kinds share have a name.
    fields["context"] = tuple(table["context"][context] if isinstance(context, str) else context)
    fields["needles"] = tuple(row.get("needles", ()))
    fields["severity"] = Severity(fields["severity"])
    fields["regex"] = _expand(row["regex"], table["fragments"])
    return Pattern(**fields)


def _expand(regex: str, fragments: dict[str, str]) -> str:
    while True:
        expanded = _FRAGMENT.sub(lambda name: fragments[name[1]], regex)
        if expanded == regex:
            return regex
        regex = expanded
