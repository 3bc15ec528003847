"""A value that another tool wrote, read key by key: where its shape is new, the message says which key."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from flakestorm.model.errors import WorkError
from flakestorm.model.nearest import did_you_mean

LONGEST = 60


class UnknownShape(WorkError):
    """What another tool wrote is not what this version of flakestorm knows of it."""


class Foreign:
    """``value`` with its place, such as ``traces.json: observations[3].input``."""

    def __init__(self, value: Any, where: str) -> None:
        self.value = value
        self.where = where

    def at(self, key: str) -> Foreign:
        """What is under ``key``. Raises ``UnknownShape`` where there is no such key."""
        if key not in self.mapping():
            has = ", ".join(sorted(self.mapping())[:12]) or "nothing"
            near = did_you_mean(key, self.mapping()) or "."
            raise UnknownShape(f"{self.where}: there is no key '{key}'{near} It has: {has}. {ADVICE}")
        return Foreign(self.value[key], f"{self.where}.{key}")

    def get(self, *keys: str) -> Foreign | None:
        """What is under the first of ``keys`` that is there and not null."""
        mapping = self.mapping()
        for key in keys:
            if mapping.get(key) is not None:
                return Foreign(mapping[key], f"{self.where}.{key}")
        return None

    def mapping(self) -> dict[str, Any]:
        """A mapping with text keys. Raises ``UnknownShape`` for anything else, as the two below do."""
        if not isinstance(self.value, dict):
            raise self.refusal("a mapping")
        return self.value

    def items(self) -> Iterator[Foreign]:
        """The items of a list."""
        if not isinstance(self.value, list):
            raise self.refusal("a list")
        for index, item in enumerate(self.value):
            yield Foreign(item, f"{self.where}[{index}]")

    def text(self) -> str:
        """A text."""
        if not isinstance(self.value, str):
            raise self.refusal("text")
        return self.value

    def number(self) -> float:
        """A number, which may be written as text."""
        if isinstance(self.value, str | int | float) and not isinstance(self.value, bool):
            try:
                return float(self.value)
            except ValueError:
                pass
        raise self.refusal("a number")

    def refusal(self, accepted: str) -> UnknownShape:
        """The error for a value that is none of ``accepted``."""
        return UnknownShape(f"{self.where} is {shown(self.value)}; accepted: {accepted}. {ADVICE}")


ADVICE = (
    "Has the format changed? Write the session by hand (docs/replay.md), and report the key to flakestorm's "
    "issue tracker."
)


def shown(value: Any) -> str:
    """``value`` in a message: short, and without what could confuse a terminal."""
    if value is None:
        return "null"
    if isinstance(value, dict):
        return (
            f"a mapping ({', '.join(sorted(map(str, value))[:6])})"[:LONGEST] if value else "an empty mapping"
        )
    if isinstance(value, list):
        return f"a list of {len(value)}"
    text = json.dumps(value, ensure_ascii=True, default=str)
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
