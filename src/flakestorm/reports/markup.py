"""HTML by construction: text is escaped because it is text, and only this module can say otherwise."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from html import escape
from urllib.parse import quote

from flakestorm.reports.hidden import plain

Attribute = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Html:
    """A finished piece of HTML."""

    text: str


Content = Html | str | int | None
VOID = frozenset({"meta", "input"})


def tag(element: str, /, *children: Content, **attributes: Attribute) -> Html:
    """An element. A string among ``children`` is text; attribute ``class_`` is ``class``, ``aria_label``
    is ``aria-label``; True is an attribute without a value, None and False are none.
    """
    words = [element]
    for key, value in attributes.items():
        if value is None or value is False:
            continue
        attribute = key.rstrip("_").replace("_", "-")
        words.append(attribute if value is True else f'{attribute}="{escape(plain(str(value)))}"')
    opening = f"<{' '.join(words)}>"
    return Html(opening if element in VOID else f"{opening}{join(children).text}</{element}>")


def join(children: Iterable[Content]) -> Html:
    """All ``children`` one after the other."""
    return Html("".join(_markup(child) for child in children))


def _markup(child: Content) -> str:
    if child is None:
        return ""
    if isinstance(child, Html):
        return child.text
    return escape(plain(str(child)))


def view(**state: str) -> str:
    """The address of a view of this page: ``#prompt=ab12&type=noise``. templates/state.js reads it."""
    # Half a surrogate pair has no UTF-8; such a name can be shown but not linked to.
    return "#" + "&".join(f"{key}={quote(value, safe=',', errors='replace')}" for key, value in state.items())
