"""What files written for the published package may contain, brought into the form that is validated here.

The published package has one flat model for all invariants, so the files that it wrote itself carry keys of
other types. Those that are mere settings are dropped and noted; anything else is an unknown key as usual.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flakestorm.invariants.registry import invariant_types

RESIDUE = {
    "threshold": "similarity",
    "similarity_threshold": "behavior_unchanged",
    "dangerous_prompts": "refusal_check",
}
"""Setting ► the invariant type that it belongs to."""

CONTENT = frozenset({"value", "values", "pattern", "patterns", "max_ms", "expected", "baseline"})
"""Keys that are dropped only without a value: with one, somebody meant something by it."""


def normalized(data: Any) -> tuple[Any, tuple[str, ...]]:
    """``data`` in today's form, and a sentence for each key that was left out because it means nothing."""
    if not isinstance(data, Mapping):
        return data, ()
    notes: list[str] = []
    # A section whose entries are all commented out has no value; that is the same as no section.
    result = {key: value for key, value in data.items() if value is not None}
    if isinstance(result.get("version"), int | float):
        result["version"] = _version(result["version"])
    for key in ("invariants", "assert"):
        if key in result:
            result[key] = _rules(result[key], key, notes)
    contract = result.get("contract")
    if isinstance(contract, Mapping) and "invariants" in contract:
        rules = _rules(contract["invariants"], "contract.invariants", notes)
        result["contract"] = {**contract, "invariants": rules}
    return result, tuple(notes)


def _version(number: float) -> str:
    # `version: 1.0` without quotes is a number, and `version: 2` is meant as well.
    return f"{number:.1f}" if number in (1, 2) else str(number)


def _rules(rules: Any, path: str, notes: list[str]) -> Any:
    if not isinstance(rules, list | tuple):
        return rules
    return [_rule(rule, f"{path}[{index}]", notes) for index, rule in enumerate(rules)]


def _rule(rule: Any, path: str, notes: list[str]) -> Any:
    if not isinstance(rule, Mapping) or not isinstance(rule.get("type"), str):
        return rule
    if rule["type"] not in invariant_types:
        return rule
    accepted = invariant_types.get(rule["type"]).options.model_fields
    kept = {}
    for key, value in rule.items():
        if key in accepted and value is None and accepted[key].is_required() is False:
            continue
        if key in accepted or not (key in RESIDUE or (key in CONTENT and value is None)):
            kept[key] = value
        elif value is not None:
            notes.append(f"{path}.{key} is ignored: it belongs to '{RESIDUE[key]}', not to '{rule['type']}'")
    return kept
