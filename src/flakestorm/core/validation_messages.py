"""pydantic's errors in the words of somebody who writes configuration files."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ValidationError

from flakestorm.core.config_errors import KeyPath, Problem, dotted, printable
from flakestorm.core.secret_values import is_sensitive
from flakestorm.core.section_fields import Found, bounds, field_at
from flakestorm.core.yaml_source import YamlSource
from flakestorm.model.nearest import did_you_mean, nearest

LONGEST_VALUE = 60
MOST_EXPLAINED = 500


def problems_of(
    error: ValidationError, model: type[BaseModel], source: YamlSource, data: Any
) -> tuple[list[Problem], int]:
    """One problem for each mistake in ``data``, located in ``source``.

    Errors at one place (the members of a union) become one problem; a required key that is missing only
    because it was misspelt is not reported on its own. Only the first ``MOST_EXPLAINED`` errors are looked
    at, as a file of a hundred thousand wrong entries would take a minute; how many are left is returned too.
    """
    grouped: dict[KeyPath, list[tuple[str, Problem]]] = {}
    misspelt: set[KeyPath] = set()
    errors = _without_consequences(error.errors(include_url=False))
    for item in errors[:MOST_EXPLAINED]:
        found = field_at(model, item["loc"], data)
        problem = _problem(item, found, source)
        grouped.setdefault(problem.path, []).append((item["type"], problem))
        meant = nearest(str(item["loc"][-1]), found.keys) if item["type"] == "extra_forbidden" else None
        if meant:
            misspelt.add((*problem.path[:-1], meant))
    merged = []
    for path, items in grouped.items():
        if path in misspelt and items[0][0] == "missing":
            continue
        merged.append(_merged([problem for _, problem in items]))
    return merged, max(0, len(errors) - MOST_EXPLAINED)


def _without_consequences(errors: Sequence[Any]) -> list[Any]:
    """A list whose entries are wrong counts as too short as well; that says nothing new."""
    inside = {item["loc"][:end] for item in errors for end in range(len(item["loc"]))}
    return [item for item in errors if item["type"] != "too_short" or item["loc"] not in inside]


def sentences(error: ValidationError, model: type[BaseModel], data: Any) -> list[str]:
    """The same for values that are in no file: ``key: what is wrong``."""
    told = []
    for item in error.errors(include_url=False):
        explain = _EXPLANATIONS.get(item["type"], _generic)
        found = field_at(model, item["loc"], data)
        told.append(f"{dotted(item['loc'])}: {explain(_Case(item, found, show(item['input'])))}")
    return told


def _problem(item: Any, found: Found, source: YamlSource) -> Problem:
    location: KeyPath = item["loc"]
    if item["type"] == "missing":
        path, place = source.locate(location[:-1], of_key=True)
        path = (*path, location[-1])
    else:
        is_key = item["type"] == "extra_forbidden" or "[key]" in location
        path, place = source.locate(location, of_key=is_key)
    secret = is_sensitive(path, from_variable=True)
    seen = "the value" if secret else show(item["input"])
    explain = _EXPLANATIONS.get(item["type"], _generic)
    return Problem(explain(_Case(item, found, seen)), path, place, secret)


def _merged(problems: list[Problem]) -> Problem:
    messages = dict.fromkeys(problem.message for problem in problems)
    first = problems[0]
    return Problem("; or: ".join(messages), first.path, first.place, first.secret)


def show(value: Any) -> str:
    """``value`` as a file would have it, short."""
    if value is None:
        return "no value"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list | tuple):
        return "a list"
    text = str(value)
    short = printable(text if len(text) <= LONGEST_VALUE else text[: LONGEST_VALUE - 1] + "…")
    return f"'{short}'" if isinstance(value, str) else short


class _Case:
    """One error with what is known about its place."""

    def __init__(self, item: Mapping[str, Any], found: Found, seen: str) -> None:
        self.item = item
        self.found = found
        self.seen = seen
        self.context: Mapping[str, Any] = item.get("ctx", {})
        self.input = item["input"]
        self.key = str(item["loc"][-1]) if item["loc"] else ""


def _unknown_key(case: _Case) -> str:
    keys = case.found.keys
    near = did_you_mean(case.key, keys) or "."
    return f"unknown key '{printable(case.key)}'{near} Accepted: {', '.join(keys)}"


def _missing(case: _Case) -> str:
    if case.item["msg"] != "Field required":
        return str(case.item["msg"])
    field = case.found.field
    meaning = f": {field.description}" if field is not None and field.description else ""
    return f"the key '{case.key}' is required{meaning}"


def _whole_number(case: _Case) -> str:
    return f"{case.seen} is not a whole number{case.found.range}"


def _number(case: _Case) -> str:
    return f"{case.seen} is not a number{case.found.range}"


def _boolean(case: _Case) -> str:
    return f"{case.seen} is neither true nor false"


def _text(case: _Case) -> str:
    if isinstance(case.input, dict):
        return "text is needed here, not a mapping; put quotes around text with { } or ': ' in it"
    if isinstance(case.input, bool | int | float):
        return f'{case.seen} is not text; put quotes around it: "{case.seen}"'
    return f"text is needed here, not {case.seen}"


def _choice(case: _Case) -> str:
    accepted = re.findall(r"'([^']*)'", str(case.context.get("expected", "")))
    near = did_you_mean(case.input, accepted) if isinstance(case.input, str) else ""
    return f"{case.seen} is not accepted here{near or '.'} Accepted: {', '.join(accepted)}"


def _bound(case: _Case) -> str:
    low = case.item["type"].startswith("greater")
    limits = case.found.range or bounds(case.context)
    return f"{case.seen} is too {'small' if low else 'large'}{limits}"


def _too_short(case: _Case) -> str:
    least = case.context.get("min_length", 1)
    return f"needs at least {least} {'entry' if least == 1 else 'entries'}"


def _empty_text(case: _Case) -> str:
    least = case.context.get("min_length", 1)
    return "the text is empty" if least == 1 else f"{case.seen} is shorter than {least} characters"


def _mapping(case: _Case) -> str:
    keys = case.found.keys
    return f"a mapping (key: value) is needed here, not {case.seen}. Keys: {', '.join(keys)}"


def _plain_mapping(case: _Case) -> str:
    return f"a mapping (key: value) is needed here, not {case.seen}"


def _list(case: _Case) -> str:
    return f"a list is needed here, not {case.seen}"


def _pattern(case: _Case) -> str:
    if str(case.context.get("pattern", "")).startswith("^https?://"):
        return f"{case.seen} is not a URL; it begins with http:// or https://"
    return f"{case.seen} does not match {case.context.get('pattern')}"


def _own(case: _Case) -> str:
    return str(case.context["error"])


def _generic(case: _Case) -> str:
    return str(case.item["msg"])


_EXPLANATIONS: dict[str, Callable[[_Case], str]] = {
    "extra_forbidden": _unknown_key,
    "missing": _missing,
    "value_error": _own,
    "literal_error": _choice,
    "enum": _choice,
    "string_type": _text,
    "string_too_short": _empty_text,
    "string_pattern_mismatch": _pattern,
    "too_short": _too_short,
    "model_type": _mapping,
    "model_attributes_type": _mapping,
    "dict_type": _plain_mapping,
    **dict.fromkeys(("int_parsing", "int_type", "int_from_float", "int_parsing_size"), _whole_number),
    **dict.fromkeys(("float_parsing", "float_type", "finite_number"), _number),
    **dict.fromkeys(("bool_parsing", "bool_type"), _boolean),
    **dict.fromkeys(("greater_than", "greater_than_equal", "less_than", "less_than_equal"), _bound),
    **dict.fromkeys(("list_type", "tuple_type"), _list),
}
