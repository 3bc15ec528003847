"""What to say about a call that no cassette has: the nearest recordings, and where they differ."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Iterator
from typing import Any

MOST_NEAR = 2
MOST_FIELDS = 4
MOST_COMPARED = 400
SHOWN = 60


def explained(wanted: str, recorded: Iterable[str]) -> str:
    """A sentence for the call ``wanted``, a canonical text, where ``recorded`` are those of a cassette."""
    asked = json.loads(wanted)
    near = _nearest(asked, [json.loads(text) for text in dict.fromkeys(recorded)])
    what = f"the {asked['kind']} call of '{asked['name']}' is not in the cassette"
    if not near:
        return f"{what}, and nothing like it is."
    told = "; ".join(f"recorded is one with {_fields(asked, other)}" for other in near)
    return f"{what}. Nearest: {told}."


def differences(one: Any, other: Any, path: str = "") -> Iterator[tuple[str, Any, Any]]:
    """(path, value in ``one``, value in ``other``) for each place in which plain data differ."""
    if isinstance(one, dict) and isinstance(other, dict):
        for key in dict.fromkeys((*one, *other)):
            yield from differences(one.get(key), other.get(key), f"{path}.{key}" if path else key)
    elif isinstance(one, list) and isinstance(other, list):
        for index in range(max(len(one), len(other))):
            mine = one[index] if index < len(one) else None
            theirs = other[index] if index < len(other) else None
            yield from differences(mine, theirs, f"{path}[{index}]")
    elif one != other:
        yield path, one, other


def _nearest(asked: dict[str, Any], recorded: list[dict[str, Any]]) -> list[dict[str, Any]]:
    same = [other for other in recorded if (other["kind"], other["name"]) == (asked["kind"], asked["name"])]
    if not same:
        same = [other for other in recorded if other["kind"] == asked["kind"]]
    body = _short(asked, 2000)

    def distance(other: dict[str, Any]) -> tuple[int, float]:
        found = list(differences(asked, other))
        matcher = difflib.SequenceMatcher(None, body, _short(other, 2000), autojunk=False)
        return len(found), -matcher.quick_ratio()

    return sorted(same[:MOST_COMPARED], key=distance)[:MOST_NEAR]


def _fields(asked: dict[str, Any], other: dict[str, Any]) -> str:
    found = list(differences(asked, other))
    told = [
        f"{path} {_short(theirs)} instead of {_short(mine)}" for path, mine, theirs in found[:MOST_FIELDS]
    ]
    if len(found) > MOST_FIELDS:
        told.append(f"{len(found) - MOST_FIELDS} more differences")
    return ", ".join(told)


def _short(value: Any, limit: int = SHOWN) -> str:
    """``value`` as JSON, the middle left out: texts often differ at one end."""
    text = "nothing" if value is None else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= limit else f"{text[: limit // 2]}…{text[-limit // 2 :]}"
