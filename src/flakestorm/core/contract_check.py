"""``contract validate``: what a contract would judge, and what of it could never be judged."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase

from flakestorm.chaos.config import ContextAttack, Fault, Scenario, ToolFault
from flakestorm.core.chaos_environment import IN_PROCESS
from flakestorm.core.config import FlakeStormConfig
from flakestorm.core.contract_matrix import Contract, column_of
from flakestorm.core.contract_run import ContractRun, contract_chaos
from flakestorm.invariants.config import Rule
from flakestorm.model.trial import NO_CHAOS


@dataclass(frozen=True, slots=True)
class ContractCheck:
    """``facts`` are (subject, sentence) pairs; each of ``problems`` is something that proves nothing."""

    facts: tuple[tuple[str, str], ...]
    problems: tuple[str, ...]

    @property
    def exit_code(self) -> int:
        """2 for a contract of which a part can never be judged."""
        return 2 if self.problems else 0


def check_contract(config: FlakeStormConfig) -> ContractCheck:
    """What the contract of ``config`` amounts to, without asking the agent. Raises ``UsageError``."""
    contract = Contract.wanted(config)
    facts = [
        ("contract", _size(config, contract)),
        *(("invariant", _reach(contract, rule)) for rule in contract.rules),
        *(("scenario", _faults(scenario)) for scenario in config.scenarios),
        ("independence", _independence(config, contract)),
    ]
    notes: list[str] = []
    problems = list(_unjudged(contract))
    for scenario in config.scenarios:
        dead = dict(_dead_faults(scenario, config))
        # A fault that never fires among others that do is a flaw, and no reason to judge nothing.
        (problems if len(dead) == _count(scenario) else notes).extend(dead.values())
    return ContractCheck((*facts, *(("note", note) for note in notes)), tuple(problems))


def _size(config: FlakeStormConfig, contract: Contract) -> str:
    run = ContractRun.of(config, contract_chaos(contract), is_object=False)
    trials = run.plan(None).planned() if run is not None else 0
    cells = sum(len(_columns(contract, rule)) for rule in contract.rules)
    return (
        f"'{contract.name}': {len(contract.rules)} invariants × {len(contract.columns)} scenarios, {cells} "
        f"cells to judge, {len(contract.prompts)} prompts, {trials} trials"
    )


def _columns(contract: Contract, rule: Rule) -> list[str]:
    """The scenarios in which ``rule`` judges any of its prompts."""
    prompts = contract.prompts_of(rule)
    return [
        column
        for column in contract.columns
        if any(rule in contract.judging(prompt, column) for prompt in prompts)
    ]


def _reach(contract: Contract, rule: Rule) -> str:
    count, what = (len(rule.probes), "probe") if rule.probes else (len(contract.golden), "golden prompt")
    asked = f"{count} {what}" if count == 1 else f"{count} {what}s"
    negated = "not " if rule.negate else ""
    columns = _columns(contract, rule)
    return (
        f"{rule.id} ({rule.severity}): {negated}{rule.type} on {asked}, in {len(columns)} of "
        f"{len(contract.columns)} scenarios"
    )


def _faults(scenario: Scenario) -> str:
    if not scenario.disturbed:
        return f"{scenario.name}: no faults; the undisturbed trials"
    kinds = [
        *(f"tool {fault.tool}: {fault.mode}" for fault in scenario.tool_faults),
        *(f"llm: {fault.mode}" for fault in scenario.llm_faults),
        *(f"context: {attack.type}" for attack in scenario.context_attacks if attack.enabled),
    ]
    return f"{scenario.name}: {', '.join(kinds)}"


def _independence(config: FlakeStormConfig, contract: Contract) -> str:
    run = ContractRun.of(config, contract_chaos(contract), is_object=False)
    fresh = run.terms().fresh if run is not None else ""
    return (
        fresh or "nothing resets the agent between trials; whether it needs it is looked for in its replies"
    )


def _unjudged(contract: Contract) -> Iterator[str]:
    for rule in contract.rules:
        if not _columns(contract, rule):
            yield (
                f"the invariant '{rule.id}' judges nothing: no scenario of the contract is one it is for "
                f"(when: {rule.when}{'' if rule.on is None else ', on: ' + ', '.join(rule.on)})"
            )
    for column in contract.columns:
        if not any(contract.judging(prompt, column) for prompt in contract.prompts):
            yield f"the scenario '{column}' judges nothing: no invariant is for it"


def _count(scenario: Scenario) -> int:
    return sum(map(len, (scenario.tool_faults, scenario.llm_faults, scenario.context_attacks)))


def _dead_faults(scenario: Scenario, config: FlakeStormConfig) -> Iterator[tuple[str, str]]:
    """(where, sentence) for each fault that can never fire."""
    if column_of(scenario) == NO_CHAOS:
        return
    for key in ("tool_faults", "llm_faults", "context_attacks"):
        for index, fault in enumerate(getattr(scenario, key)):
            why = _of_attack(fault) if isinstance(fault, ContextAttack) else _of_fault(fault, config)
            if why:
                yield (
                    f"{key}[{index}]",
                    f"scenario '{scenario.name}': {key}[{index}] can match nothing: {why}",
                )


def _of_attack(attack: ContextAttack) -> str:
    if not attack.enabled:
        return "enabled is false"
    return "trigger_probability is 0" if not attack.trigger_probability else ""


def _of_fault(fault: Fault, config: FlakeStormConfig) -> str:
    if not fault.probability:
        return "probability is 0"
    calls = fault.on_calls
    if calls is not None and fault.after_calls is not None and max(calls) <= fault.after_calls:
        return f"on_calls ends before after_calls ({fault.after_calls})"
    if calls is not None and fault.every is not None and all(call % fault.every for call in calls):
        return f"on_calls has no multiple of every ({fault.every})"
    return _of_tool(fault, config) if isinstance(fault, ToolFault) and fault.match_url is None else ""


def _of_tool(fault: ToolFault, config: FlakeStormConfig) -> str:
    """Tools of an agent outside this process are seen only where the gateway has their address."""
    if config.agent.type in IN_PROCESS:
        return ""
    gateway = config.chaos.gateway if config.chaos is not None else None
    tools = gateway.tools if gateway is not None else {}
    names = [*tools, *(name for tool in tools.values() for name in tool.names)]
    if any(fnmatchcase(name, fault.tool) for name in names):
        return ""
    known = ", ".join(names) or "none"
    return (
        f"no tool '{fault.tool}' passes through flakestorm; those in chaos.gateway.tools are {known}. Name "
        "it there with its address"
    )
