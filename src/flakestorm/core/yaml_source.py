"""A YAML text as plain values, with the place of each key and value kept for messages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import yaml

from flakestorm.core.config_errors import KeyPath, Place, Problem, config_error, printable
from flakestorm.core.yaml_scalars import TAG_PREFIX, plain, tagged
from flakestorm.core.yaml_syntax import syntax_problem

DEEPEST = 100
"""Levels of nesting. Recursion needs a limit, and nothing that is configured comes near it."""
MOST_VALUES = 500_000
"""Values after aliases are followed: a few lines of aliases to aliases would otherwise fill the memory."""

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_LINE_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
_NOT_YAML = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(slots=True)
class Node:
    """A value, its place, and for a mapping the places of its keys. Aliases share one node."""

    value: Any
    place: Place
    children: dict[str | int, Node] = field(default_factory=dict)
    keys: dict[str | int, Place] = field(default_factory=dict)
    size: int = 1


@dataclass(frozen=True)
class YamlSource:
    """``value`` is plain data (mapping keys are always text); ``problems`` are those that are not fatal."""

    name: str
    text: str
    root: Node
    problems: tuple[Problem, ...] = ()

    @property
    def value(self) -> Any:
        """The plain value of the document. Aliased parts are shared: copy before changing."""
        return self.root.value

    @cached_property
    def lines(self) -> list[str]:
        """The lines as YAML counts them."""
        return _LINE_BREAK.split(self.text)

    def locate(self, path: KeyPath, of_key: bool = False) -> tuple[KeyPath, Place]:
        """The part of ``path`` that is in the document, and the place of its value (or of its key).

        Steps that the document does not have are left out: pydantic names a union's member in its
        locations, and a missing key is reported at the mapping that lacks it. In a mapping, a number
        means the item with that position.
        """
        node, place, found = self.root, self.root.place, list[str | int]()
        for part in path:
            key = _key_of(node, part)
            if key is None:
                continue
            place = node.keys.get(key) or node.children[key].place
            node = node.children[key]
            found.append(key)
        # A whole mapping or list is shown by its key: its own start says little.
        spans_lines = isinstance(node.value, dict | list)
        return tuple(found), place if of_key or spans_lines else node.place


def parse_yaml(text: str, name: str) -> YamlSource:
    """Read one YAML document. Raises ``ConfigError`` where it cannot be read any further."""
    text = text.removeprefix("\ufeff")
    lines = _LINE_BREAK.split(text)
    bad = _NOT_YAML.search(text)
    if bad:
        line, column = _line_and_column(text, bad.start())
        problem = Problem(f"the character U+{ord(bad[0]):04X} is not allowed", place=Place(line, column))
        raise config_error(name, lines, [problem])
    builder = _Builder(lines)
    try:
        root = builder.document(yaml.parse(text, Loader=_Loader))
    except yaml.MarkedYAMLError as error:
        raise config_error(name, lines, [syntax_problem(error, lines)]) from None
    except _Unreadable as error:
        raise config_error(name, lines, [error.problem]) from None
    return YamlSource(name, text, root, tuple(builder.problems))


class _Unreadable(Exception):
    """Reading cannot go on."""

    def __init__(self, message: str, place: Place | None) -> None:
        super().__init__(message)
        self.problem = Problem(message, place=place)


class _Builder:
    """Makes nodes from parser events.

    Not from PyYAML's composed nodes: its compiled composer recurses without a limit, and a hundred
    thousand brackets end the process.
    """

    def __init__(self, lines: list[str]) -> None:
        self.problems: list[Problem] = []
        self._lines = lines
        self._anchors: dict[str, Node] = {}

    def document(self, events: Iterator[Any]) -> Node:
        self._events = events
        next(events)  # the start of the stream
        start = next(events)
        if isinstance(start, yaml.StreamEndEvent):
            raise _Unreadable("the file is empty; 'flakestorm init' writes one to start from", None)
        root = self._node(next(events), 0)
        next(events)  # the end of the document
        after = next(events)
        if not isinstance(after, yaml.StreamEndEvent):
            raise _Unreadable("a second document begins here; there can be only one", self._place(after))
        return root

    def _node(self, event: Any, depth: int) -> Node:
        place = self._place(event)
        if depth > DEEPEST:
            raise _Unreadable(f"nested more than {DEEPEST} levels deep", place)
        if isinstance(event, yaml.AliasEvent):
            return self._aliased(str(event.anchor), place)
        if isinstance(event, yaml.ScalarEvent):
            node = Node(self._scalar(event, place), place)
        elif isinstance(event, yaml.SequenceStartEvent):
            self._check_tag(event, "seq", place)
            node = self._sequence(place, depth)
        else:
            self._check_tag(event, "map", place)
            node = self._mapping(place, depth)
        if node.size > MOST_VALUES:
            raise _Unreadable(f"more than {MOST_VALUES:,} values, aliases included", place)
        if event.anchor:
            self._anchors[event.anchor] = node
        return node

    def _aliased(self, anchor: str, place: Place) -> Node:
        try:
            return self._anchors[anchor]
        except KeyError:
            raise _Unreadable(
                f"the alias *{anchor} has no anchor &{anchor} before it; quote a text that begins with *",
                place,
            ) from None

    def _scalar(self, event: Any, place: Place) -> Any:
        if event.tag is None:
            return plain(event.value) if event.implicit[0] else event.value
        try:
            return tagged(event.value, event.tag)
        except ValueError as error:
            self.problems.append(Problem(str(error), place=place))
            return event.value

    def _check_tag(self, event: Any, kind: str, place: Place) -> None:
        if event.tag not in (None, "!", TAG_PREFIX + kind):
            self.problems.append(
                Problem(f"the tag {event.tag[:60]!r} is not supported; remove it", place=place)
            )

    def _sequence(self, place: Place, depth: int) -> Node:
        items: list[Node] = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            items.append(self._node(event, depth + 1))
        values = [item.value for item in items]
        return Node(values, place, dict(enumerate(items)), size=1 + sum(item.size for item in items))

    def _mapping(self, place: Place, depth: int) -> Node:
        children: dict[str | int, Node] = {}
        keys: dict[str | int, Place] = {}
        merged: list[Node] = []
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            key_place = self._place(event)
            name = self._key(event, depth)
            child = self._node(next(self._events), depth + 1)
            if name == "<<" and event.implicit[0]:
                merged.extend(self._merged(child, key_place))
            elif name in children:
                first = keys[name].line
                message = f"the key '{printable(name)}' is given twice; the first is in line {first}"
                self.problems.append(Problem(message, place=key_place))
            else:
                children[name], keys[name] = child, key_place
        for other in merged:
            for key in other.children:
                if key not in children:
                    children[key], keys[key] = other.children[key], other.keys[key]
        values = {name: child.value for name, child in children.items()}
        return Node(values, place, children, keys, 1 + sum(child.size for child in children.values()))

    def _key(self, event: Any, depth: int) -> str:
        if isinstance(event, yaml.ScalarEvent):
            if event.anchor:
                self._anchors[event.anchor] = Node(event.value, self._place(event))
            return str(event.value)
        if isinstance(event, yaml.AliasEvent):
            return str(self._node(event, depth).value)
        raise _Unreadable(
            "a list or mapping cannot be a key; put quotes around text with { } or [ ] in it",
            self._place(event),
        )

    def _merged(self, node: Node, place: Place) -> list[Node]:
        sources = list(node.children.values()) if isinstance(node.value, list) else [node]
        if all(isinstance(source.value, dict) for source in sources):
            return sources
        self.problems.append(Problem("'<<' takes a mapping (or a list of them) to merge in", place=place))
        return []

    def _place(self, event: Any) -> Place:
        start, end = event.start_mark, event.end_mark
        rest = len(self._lines[start.line]) - start.column if start.line < len(self._lines) else 1
        width = end.column - start.column if end.line == start.line else rest
        return Place(start.line + 1, start.column + 1, max(1, width))


def _key_of(node: Node, part: str | int) -> str | int | None:
    """How ``node`` calls the step ``part``; None when it has no such step."""
    if isinstance(part, int) and isinstance(node.value, dict) and part < len(node.children):
        return list(node.children)[part]
    return part if part in node.children else None


def _line_and_column(text: str, offset: int) -> tuple[int, int]:
    before = _LINE_BREAK.split(text[:offset])
    return len(before), len(before[-1]) + 1
