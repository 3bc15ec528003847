"""What a mark or a call asks for, as a configuration: words as in flakestorm.yaml, checked the same way."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from flakestorm.chaos.config import Scenario
from flakestorm.chaos.profiles.loading import load_profile
from flakestorm.core.chaos_plan import Chaos
from flakestorm.core.config import FlakeStormConfig, load_config
from flakestorm.core.golden_prompts import PromptEntry
from flakestorm.core.validation_messages import sentences
from flakestorm.invariants.rules import AnyRule
from flakestorm.model.errors import UsageError
from flakestorm.model.nearest import did_you_mean
from flakestorm.mutations.config import MutationsConfig

WORDS = (
    *("agent", "prompts", "types", "count", "invariants", "faults", "profile", "contract", "config"),
    *("min_score", "seed", "concurrency", "intensity"),
)
FAULTS = "faults"
"""The name of the scenario that the argument of that name is."""

Given = Mapping[str, Any]


@dataclass(frozen=True)
class Experiment:
    """A configuration with the agent as an object, if it is one, and the scenarios to go through."""

    config: FlakeStormConfig
    target: object | None
    chaos: Chaos | None
    contract: tuple[str, ...] | None = None
    """The scenarios of the contract to run, empty for all; None where no contract is run."""


def experiment_of(
    given: Given, directory: Path, seed: int | None = None, count: int | None = None
) -> Experiment:
    """What ``given`` asks for; paths start at ``directory``. Raises ``UsageError`` or ``ConfigError``."""
    unknown = [word for word in given if word not in WORDS]
    if unknown:
        raise UsageError(
            f"flakestorm: unknown argument '{unknown[0]}'{did_you_mean(unknown[0], WORDS) or '.'} "
            f"Accepted: {', '.join(WORDS)}"
        )
    agent = given.get("agent")
    target = agent if agent is not None and not isinstance(agent, (str, dict)) else None
    given = {**given, "count": given.get("count") if count is None else count}
    config = _configuration(given, directory, target)
    config = config.with_advanced(
        seed=given.get("seed") if seed is None else seed,
        concurrency=given.get("concurrency"),
        min_score=given.get("min_score"),
        strategy="uniform",
        shrink_budget=0,
    )
    # What a language model writes differs each time, and the items of a test must not.
    config = config.model_copy(update={"model": config.model.model_copy(update={"share": 0.0})})
    return Experiment(config, target, _chaos(given, directory), _contract(given))


def _configuration(given: Given, directory: Path, target: object | None) -> FlakeStormConfig:
    parts = _parts(given, target)
    if given.get("config") is not None:
        return _changed(load_config(directory / given["config"]), parts)
    data = {"invariants": [{"type": "completes"}], **parts}
    missing = [word for word, key in (("agent", "agent"), ("prompts", "golden_prompts")) if key not in data]
    if missing:
        raise UsageError(f"flakestorm: {' and '.join(missing)} must be given, or config='flakestorm.yaml'.")
    try:
        return FlakeStormConfig.model_validate(data, context={"directory": directory})
    except ValidationError as error:
        raise UsageError("flakestorm: " + "; ".join(sentences(error, FlakeStormConfig, data))) from None


def _parts(given: Given, target: object | None) -> dict[str, Any]:
    """The sections that ``given`` has, as the configuration writes them."""
    parts: dict[str, Any] = {}
    if given.get("agent") is not None:
        parts["agent"] = _agent(given["agent"], target)
    if given.get("prompts") is not None:
        prompts = given["prompts"]
        parts["golden_prompts"] = [prompts] if isinstance(prompts, (str, dict)) else list(prompts)
    if given.get("invariants") is not None:
        rules = given["invariants"]
        rules = [rules] if isinstance(rules, (str, dict)) else rules
        parts["invariants"] = [{"type": rule} if isinstance(rule, str) else rule for rule in rules]
    chosen = {key: given[key] for key in ("types", "count", "intensity") if given.get(key) is not None}
    if isinstance(chosen.get("types"), str):
        chosen["types"] = [chosen["types"]]
    if chosen:
        parts["mutations"] = chosen
    return parts


def _agent(agent: Any, target: object | None) -> dict[str, Any]:
    if isinstance(agent, dict):
        return agent
    if target is not None:
        name = getattr(agent, "__qualname__", type(agent).__name__).replace("<locals>.", "")
        return {"type": "python", "endpoint": f"{getattr(agent, '__module__', 'tests')}:{name}"}
    if agent.startswith(("http://", "https://")):
        return {"endpoint": agent}
    return {"type": "python", "endpoint": agent}


def _changed(config: FlakeStormConfig, parts: dict[str, Any]) -> FlakeStormConfig:
    """``config`` with these sections in place of its own; of mutations, with these keys."""
    makers: dict[str, Callable[[Any], Any]] = {
        "agent": lambda value: type(config.agent).model_validate(
            value, context={"directory": config.directory}
        ),
        "golden_prompts": TypeAdapter(tuple[PromptEntry, ...]).validate_python,
        "invariants": TypeAdapter(tuple[AnyRule, ...]).validate_python,
        "mutations": lambda value: MutationsConfig.model_validate(
            {**config.mutations.model_dump(exclude_unset=True), **value}
        ),
    }
    try:
        update = {key: makers[key](value) for key, value in parts.items()}
    except ValidationError as error:
        raise UsageError("flakestorm: " + "; ".join(sentences(error, FlakeStormConfig, parts))) from None
    changed = config.model_copy(update=update)
    for computed in ("digest", "golden"):
        changed.__dict__.pop(computed, None)
    return changed


def _chaos(given: Given, directory: Path) -> Chaos | None:
    profiles = given.get("profile") or ()
    profiles = [profiles] if isinstance(profiles, str) else profiles
    scenarios = [scenario_of(given["faults"])] if given.get("faults") else []
    scenarios += [load_profile(_placed(name, directory)) for name in profiles]
    if not scenarios:
        return None
    # Whoever names faults and no mutations wants to see what faults do.
    return Chaos(tuple(scenarios), only=not (given.get("types") or given.get("count")))


def _placed(name: str, directory: Path) -> str:
    return str(directory / name) if name.endswith((".yaml", ".yml")) else name


def scenario_of(faults: Sequence[Mapping[str, Any]]) -> Scenario:
    """The faults as written in lists of the configuration: a ``type`` is an attack, a ``tool`` its own."""
    kinds: dict[str, list[Mapping[str, Any]]] = {"context_attacks": [], "tool_faults": [], "llm_faults": []}
    for fault in faults:
        kind = "context_attacks" if "type" in fault else "tool_faults" if "tool" in fault else "llm_faults"
        kinds[kind].append(fault)
    data = {"name": FAULTS, **kinds}
    try:
        return Scenario.model_validate(data)
    except ValidationError as error:
        raise UsageError("flakestorm: " + "; ".join(sentences(error, Scenario, data))) from None


def _contract(given: Given) -> tuple[str, ...] | None:
    wanted = given.get("contract")
    if wanted is None or wanted is False:
        return None
    return () if wanted is True else (wanted,) if isinstance(wanted, str) else tuple(wanted)
