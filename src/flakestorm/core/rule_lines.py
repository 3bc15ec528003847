"""Where the rules of a configuration stand in its file, so that an annotation can point at a broken one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from flakestorm.core.yaml_source import YamlSource
from flakestorm.invariants.judge import named_rules

if TYPE_CHECKING:
    from flakestorm.core.config import FlakeStormConfig

_PATHS = {"invariants": ("invariants",), "assert": ("assert",), "contract": ("contract", "invariants")}


def lines_of_rules(source: YamlSource, raw: Mapping[str, Any]) -> dict[str, tuple[int, ...]]:
    """``invariants`` and ``contract`` → the line in which each of their rules begins, counted from 1."""
    found = {}
    for name, path in _PATHS.items():
        rules: Any = raw
        for key in path:
            rules = rules.get(key) if isinstance(rules, Mapping) else None
        if isinstance(rules, list | tuple):
            places = (source.locate((*path, index))[1] for index in range(len(rules)))
            found["invariants" if name == "assert" else name] = tuple(place.line for place in places)
    return found


def rule_lines(config: FlakeStormConfig) -> dict[str, int]:
    """The name of each rule, as verdicts have it, → its line; empty where no file was read."""
    from flakestorm.core.ci_run import named_apart
    from flakestorm.core.contract_matrix import Contract

    found: dict[str, int] = {}
    lines = config.rule_lines
    if config.contract is not None:
        contract = named_apart(Contract.wanted(config), config)
        names = [rule.id or rule.type for rule in contract.rules]
        found.update(zip(names, lines.get("contract", ()), strict=False))
    names = [rule.id or rule.type for rule in named_rules(config.invariants)]
    found.update(zip(names, lines.get("invariants", ()), strict=False))
    return found
