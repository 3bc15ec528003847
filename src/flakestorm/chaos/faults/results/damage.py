"""Valid results that are wrong: no values, other types, other names, too little, too much."""

from __future__ import annotations

import json
from random import Random
from typing import Any

from flakestorm.chaos.faults.drift import other_name

HUGE_BYTES = 1_000_000
DEEPEST = 50
"""Deeper parts of a result stay as they are."""


def emptied(value: Any) -> Any:
    """Nothing, of the same type."""
    for kind in (dict, list, str):
        if isinstance(value, kind):
            return kind()
    return None


def nulled(value: Any, depth: int = 0) -> Any:
    """Every value null, in the same structure."""
    if isinstance(value, dict) and value and depth < DEEPEST:
        return {key: nulled(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list) and value and depth < DEEPEST:
        return [nulled(item, depth + 1) for item in value]
    return None


def retyped(value: Any, depth: int = 0) -> Any:
    """Every value of another type: numbers as text, text in a list, yes and no as text."""
    if isinstance(value, dict) and value and depth < DEEPEST:
        return {key: retyped(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list) and value and depth < DEEPEST:
        return [retyped(item, depth + 1) for item in value]
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (int, float)):
        return str(value)
    return 0 if value is None else [value]


def renamed(value: Any, rng: Random) -> Any:
    """One field has another name, everywhere."""
    names = sorted(_names(value, 0))
    return _with_name(value, rng.choice(names), 0) if names else value


def partial(value: Any, depth: int = 0) -> Any:
    """The first half of each list and of each object's fields; half of a text."""
    if isinstance(value, dict) and depth < DEEPEST:
        kept = list(value.items())[: (len(value) + 1) // 2]
        if len(value) == 1 and not isinstance(kept[0][1], (dict, list)):
            return {}
        return {
            key: partial(item, depth + 1) if isinstance(item, (dict, list)) else item for key, item in kept
        }
    if isinstance(value, list) and depth < DEEPEST:
        return [partial(item, depth + 1) if isinstance(item, (dict, list)) else item for item in _half(value)]
    return value[: len(value) // 2] if isinstance(value, str) and depth == 0 else value


def huge(value: Any) -> Any:
    """The same result, made about a megabyte long."""
    if isinstance(value, list) and value:
        return value * (1 + HUGE_BYTES // (_size(value) - 1))
    if isinstance(value, dict):
        lists = [key for key, item in value.items() if isinstance(item, list) and item]
        texts = [key for key, item in value.items() if isinstance(item, str) and item]
        if lists or texts:
            return {**value, (lists or texts)[0]: huge(value[(lists or texts)[0]])}
        return {**value, "trace": "0123456789abcdef" * (HUGE_BYTES // 16)}
    if isinstance(value, str) and value:
        return value * (1 + HUGE_BYTES // len(value))
    return [value] * (1 + HUGE_BYTES // (1 + _size(value)))


def doubled(value: Any) -> Any:
    """Everything in lists twice, as after a repeated delivery; where there is no list, two results."""
    changed = _doubled(value, 0)
    return [value, value] if changed == value else changed


def _doubled(value: Any, depth: int) -> Any:
    if isinstance(value, dict) and depth < DEEPEST:
        return {key: _doubled(item, depth + 1) for key, item in value.items()}
    return [item for item in value for _ in range(2)] if isinstance(value, list) else value


def _size(value: Any) -> int:
    return len(json.dumps(value, separators=(",", ":")))


def _half(items: list[Any]) -> list[Any]:
    return items[: len(items) // 2]


def _names(value: Any, depth: int) -> set[str]:
    if depth >= DEEPEST:
        return set()
    if isinstance(value, dict):
        inner = [_names(item, depth + 1) for item in value.values()]
        return set(value).union(*inner)
    return set().union(*(_names(item, depth + 1) for item in value)) if isinstance(value, list) else set()


def _with_name(value: Any, name: str, depth: int) -> Any:
    if depth >= DEEPEST:
        return value
    if isinstance(value, list):
        return [_with_name(item, name, depth + 1) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        (_free(value, other_name(key)) if key == name else key): _with_name(item, name, depth + 1)
        for key, item in value.items()
    }


def _free(value: dict[str, Any], name: str) -> str:
    while name in value:
        name += "_"
    return name
