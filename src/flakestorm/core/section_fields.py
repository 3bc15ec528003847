"""Which section and field a location in the configuration means, for messages that say what is accepted."""

from __future__ import annotations

import types
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import AliasChoices, BaseModel
from pydantic.fields import FieldInfo

from flakestorm.invariants.config import Rule
from flakestorm.invariants.registry import invariant_types

LIMITS = {"ge": "at least", "gt": "more than", "le": "at most", "lt": "less than"}


@dataclass(frozen=True, slots=True)
class Found:
    """What is at a location: the innermost section on the way, and the last field that was passed."""

    section: type[BaseModel]
    field: FieldInfo | None

    @property
    def keys(self) -> list[str]:
        """The keys that the section accepts, other names for the same included."""
        keys: list[str] = []
        for name, field in self.section.model_fields.items():
            alias = field.validation_alias
            keys += map(str, alias.choices) if isinstance(alias, AliasChoices) else [name]
        return keys

    @property
    def range(self) -> str:
        """What ``bounds`` says of the field's limits."""
        limits: dict[str, Any] = {}
        for item in self.field.metadata if self.field else ():
            limits.update({name: getattr(item, name) for name in LIMITS if hasattr(item, name)})
        return bounds(limits)


def bounds(limits: Mapping[str, Any]) -> str:
    """`` (1–100)``, `` (at least 1)`` …, or nothing where there are no limits."""
    if "ge" in limits and "le" in limits:
        return f" ({_number(limits['ge'])}–{_number(limits['le'])})"
    parts = [f"{words} {_number(limits[name])}" for name, words in LIMITS.items() if name in limits]
    return f" ({' and '.join(parts)})" if parts else ""


def field_at(model: type[BaseModel], location: Sequence[str | int], data: Any) -> Found:
    """Follow ``location`` through ``model``; ``data`` is what was validated, to tell kinds of rule apart.

    Steps that are neither keys nor positions (pydantic's names for the members of a union) are left out.
    """
    annotation: Any = model
    found = Found(model, None)
    for part in location:
        data = _item(data, part)
        step, field = _step(annotation, part)
        if step is None:
            continue
        annotation = step
        section = next(_sections(annotation), None)
        if section is Rule and isinstance(data, dict) and data.get("type") in invariant_types:
            section = annotation = invariant_types.get(data["type"]).options
        found = Found(section or found.section, field or (None if section else found.field))
    return found


def _step(annotation: Any, part: str | int) -> tuple[Any, FieldInfo | None]:
    for option in _options(annotation):
        origin, arguments = get_origin(option), get_args(option)
        if isinstance(part, int) and origin in (tuple, list):
            return arguments[0], None
        if isinstance(part, str) and origin is dict:
            return arguments[1], None
        if isinstance(part, str) and _is_section(option) and part in option.model_fields:
            field = option.model_fields[part]
            return field.annotation, field
    return None, None


def _options(annotation: Any) -> Iterator[Any]:
    """The alternatives of a union, without ``Annotated`` around them."""
    origin = get_origin(annotation)
    if origin is Annotated:
        yield from _options(get_args(annotation)[0])
    elif origin in (Union, types.UnionType):
        for member in get_args(annotation):
            yield from _options(member)
    else:
        yield annotation


def _sections(annotation: Any) -> Iterator[type[BaseModel]]:
    return (option for option in _options(annotation) if _is_section(option))


def _is_section(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def _item(data: Any, part: str | int) -> Any:
    if isinstance(data, dict):
        return data.get(part, data)
    if isinstance(data, list | tuple) and isinstance(part, int) and part < len(data):
        return data[part]
    return data


def _number(value: float) -> str:
    return str(value) if isinstance(value, int) else f"{value:g}"
