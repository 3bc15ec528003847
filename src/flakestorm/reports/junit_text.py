"""Elements of the JUnit report: XML 1.0 in which hostile text stays text."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from flakestorm.reports.hidden import plain


def opening(element: str, attributes: Mapping[str, object], closed: bool = False) -> str:
    """The start of ``element``, or all of it where it is ``closed``."""
    words = "".join(f' {name}="{_attribute(str(value))}"' for name, value in attributes.items())
    return f"<{element}{words}{'/' if closed else ''}>"


def _attribute(text: str) -> str:
    # A parser makes spaces of line ends and tabs that are not written as references.
    return escape(plain(text)).replace("\n", "&#10;").replace("\t", "&#9;")
