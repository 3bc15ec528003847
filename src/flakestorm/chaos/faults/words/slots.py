"""Places in JSON documents: where an answer has its text and its tool calls, whole or in streamed pieces."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Slot:
    """One value: ``container[key]``."""

    container: Any
    key: Any

    def get(self) -> Any:
        """The value."""
        return self.container[self.key]

    def set(self, value: Any) -> None:
        """Put another value there."""
        self.container[self.key] = value


@dataclass(slots=True)
class Text:
    """A text. Its ``pieces`` follow each other; each of ``copies`` has all of it once more."""

    pieces: list[Slot] = field(default_factory=list)
    copies: list[Slot] = field(default_factory=list)

    @property
    def value(self) -> str:
        """The whole text."""
        if self.pieces:
            return "".join(str(piece.get()) for piece in self.pieces)
        return str(self.copies[0].get()) if self.copies else ""

    def write(self, text: str) -> None:
        """Put another text there. What its beginning has in common with the old one stays where it is."""
        rest = text
        for number, piece in enumerate(self.pieces, 1):
            size = len(rest) if number == len(self.pieces) else len(str(piece.get()))
            piece.set(rest[:size])
            rest = rest[size:]
        for copy in self.copies:
            copy.set(text)


@dataclass(slots=True)
class ToolCall:
    """A call that the model asks for. ``written`` are arguments as JSON text, ``objects`` as values."""

    names: list[Slot] = field(default_factory=list)
    written: Text = field(default_factory=Text)
    objects: list[Slot] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The tool's name."""
        return str(self.names[0].get()) if self.names else ""

    def rename(self, name: str) -> None:
        """Ask for another tool."""
        for slot in self.names:
            slot.set(name)

    @property
    def size(self) -> int:
        """How many characters the arguments have."""
        return len(self.written.value) + sum(len(json.dumps(slot.get())) for slot in self.objects)

    def spoil(self) -> None:
        """Make the arguments unusable: text that ends too soon, values that are null.

        Where arguments are a value, the provider has parsed them, so they cannot be malformed, only wrong.
        """
        if self.written.value:
            self.written.write(cut_json(self.written.value))
        for slot in self.objects:
            if isinstance(slot.get(), dict):
                slot.set(dict.fromkeys(slot.get()))

    def shorten(self, characters: int) -> None:
        """Keep so many characters of the arguments; where they are a value, none of it."""
        if self.written.value:
            self.written.write(self.written.value[:characters])
        for slot in self.objects:
            slot.set({})


def cut_json(text: str) -> str:
    """The beginning of a JSON text, so that the rest is missed."""
    kept = text[: max(1, len(text) * 2 // 3)].rstrip()
    # The beginning of a number or a string may be a number; after a brace something must follow.
    return kept if kept.startswith(("{", "[", '"')) else "{" + kept


def children(value: Any, key: str) -> Sequence[Any]:
    """The objects in the list ``value[key]``; none when there is no such list."""
    found = value.get(key) if isinstance(value, dict) else None
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


def child(value: Any, key: str) -> dict[str, Any]:
    """The object ``value[key]``; an empty one when there is none."""
    found = value.get(key) if isinstance(value, dict) else None
    return found if isinstance(found, dict) else {}
