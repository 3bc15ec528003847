"""Checks that need more than one section: names that must be unique, references that must lead somewhere."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from pydantic_core import InitErrorDetails, PydanticCustomError

from flakestorm.chaos.config import Faults
from flakestorm.core.chosen_model import is_named, model_of
from flakestorm.core.config_errors import KeyPath, Problem, dotted
from flakestorm.invariants.model_choice import ModelChoice
from flakestorm.model.nearest import did_you_mean, nearest
from flakestorm.mutations.llm_made_tasks import TASKS, wanted_variants

if TYPE_CHECKING:
    from flakestorm.core.config import FlakeStormConfig

RULE_KEYS = ("invariants", "assert", "contract")
NO_RULES = "at least one invariant is needed (or a contract), such as - type: output_not_empty"
PATH_ENDINGS = (".yaml", ".yml", ".json")


def conflicts(config: FlakeStormConfig) -> list[InitErrorDetails]:
    """Everything that does not fit together, in pydantic's form so that each error has its location."""
    found = [
        *_lacking_rules(config),
        *_repeated(config),
        *_dangling_contracts(config),
        *_judges_without_model(config),
    ]
    return [
        InitErrorDetails(
            type=PydanticCustomError("conflict", "{text}", {"text": message}), loc=path, input=None
        )
        for path, message in found
    ]


def unused_parts(config: FlakeStormConfig, used: Container[str] = ()) -> Iterator[str]:
    """A sentence for each part that a run does not act on; it does on the sections ``used``."""
    seen: dict[str, int] = {}
    for index, entry in enumerate(config.golden_prompts):
        first = seen.setdefault(entry.golden.id, index)
        if first != index:
            yield f"golden_prompts[{index}] is the same as golden_prompts[{first}]; it is run once"
    for path, faults in _fault_sets(config):
        for key in ("tool_faults", "llm_faults", "context_attacks"):
            for index, fault in enumerate(getattr(faults, key)):
                kind = getattr(fault, fault.kind_key)
                for option in fault.ignored:
                    where = dotted((*path, key, index, option))
                    yield f"{where} is ignored: it means nothing for {fault.kind_key} '{kind}'"
    if config.chaos_matrix and config.contract and config.contract.chaos_matrix:
        yield "chaos_matrix is ignored: contract.chaos_matrix is used"
    yield from _unasked_model(config)
    for section in ("chaos", "contract", "replays"):
        if getattr(config, section) is not None and section not in used:
            yield f"the section {section} has no part in a mutation run"


def lacking_rules(data: Mapping[str, Any]) -> list[Problem]:
    """The problem of a configuration in which nothing can fail; told before the sections are validated."""
    if any(data.get(key) not in (None, [], ()) for key in RULE_KEYS):
        return []
    if any(key not in RULE_KEYS and nearest(key, RULE_KEYS) for key in data):
        return []  # one of them is there, but misspelt: that is told anyway
    return [Problem(NO_RULES, ("invariants",))]


def _lacking_rules(config: FlakeStormConfig) -> Iterator[tuple[KeyPath, str]]:
    if not config.invariants and config.contract is None:
        yield ("invariants",), NO_RULES


def _repeated(config: FlakeStormConfig) -> Iterator[tuple[KeyPath, str]]:
    yield from _twice(config.invariants, ("invariants",), "id")
    yield from _twice(config.chaos_matrix, ("chaos_matrix",), "name")
    if config.contract:
        yield from _twice(config.contract.invariants, ("contract", "invariants"), "id")
        yield from _twice(config.contract.chaos_matrix, ("contract", "chaos_matrix"), "name")
    if config.replays:
        yield from _twice(config.replays.sessions, ("replays", "sessions"), "id")


def _twice(items: Iterable[Any], path: KeyPath, key: str) -> Iterator[tuple[KeyPath, str]]:
    first: dict[str, int] = {}
    for index, item in enumerate(items):
        name = getattr(item, key)
        if name is not None and first.setdefault(name, index) != index:
            where = dotted((*path, first[name]))
            yield (*path, index, key), f"the {key} '{name}' is taken by {where}; rename one of them"


def _dangling_contracts(config: FlakeStormConfig) -> Iterator[tuple[KeyPath, str]]:
    known = [config.contract.name] if config.contract else []
    for index, session in enumerate(config.replays.sessions if config.replays else ()):
        name = session.contract
        if name is None or name in known or name.endswith(PATH_ENDINGS):
            continue
        near = did_you_mean(name, known) or "."
        defined = f"'{known[0]}'" if known else "none"
        message = (
            f"there is no contract '{name}'{near} Defined in this file: {defined}. "
            f"A contract in another file is named by its path ({', '.join(PATH_ENDINGS)})"
        )
        yield ("replays", "sessions", index, "contract"), message


def _judges_without_model(config: FlakeStormConfig) -> Iterator[tuple[KeyPath, str]]:
    rules: list[tuple[KeyPath, Any]] = [
        (("invariants", index), rule) for index, rule in enumerate(config.invariants)
    ]
    for index, rule in enumerate(config.contract.invariants if config.contract else ()):
        rules.append((("contract", "invariants", index), rule))
    for path, rule in rules:
        choice = getattr(rule, "model", None)
        if isinstance(choice, ModelChoice) and not is_named(model_of(config.model, choice)):
            message = (
                f"{rule.type} asks a language model, and none is named: give provider and name in the "
                "section model, or here, such as model: {provider: ollama, name: llama3.2}"
            )
            yield (*path, "model"), message


def _unasked_model(config: FlakeStormConfig) -> Iterator[str]:
    provider = config.model.provider
    if provider == "builtin":
        return
    if config.model.name is None:
        yield f"model.provider '{provider}' is not asked: model.name does not say for which model"
    elif not wanted_variants(config.golden, config.mutations, config.model.share):
        written = ", ".join((*TASKS, "custom"))
        yield (
            f"model.provider '{provider}' writes no mutations: it is for the types {written}, and "
            "model.share must be above 0"
        )


def _fault_sets(config: FlakeStormConfig) -> Iterator[tuple[KeyPath, Faults]]:
    if config.chaos:
        yield ("chaos",), config.chaos
    for index, scenario in enumerate(config.chaos_matrix):
        yield ("chaos_matrix", index), scenario
    for index, scenario in enumerate(config.contract.chaos_matrix if config.contract else ()):
        yield ("contract", "chaos_matrix", index), scenario
