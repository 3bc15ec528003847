"""A contract as it is run: its rules with the prompts they speak about, and its scenarios."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from flakestorm.chaos.config import Scenario
from flakestorm.core.config import FlakeStormConfig
from flakestorm.invariants.config import Rule
from flakestorm.invariants.judge import named_rules, speaks_about
from flakestorm.model.contract import Promise, Terms
from flakestorm.model.errors import UsageError
from flakestorm.model.nearest import did_you_mean
from flakestorm.model.prompt import GoldenPrompt
from flakestorm.model.trial import NO_CHAOS, Trial

LABEL = 60


@dataclass(frozen=True)
class Contract:
    """``rules`` have ids; a rule with probes is asked about these, any other about the golden prompts.

    ``columns`` are the names of the scenarios in the user's order; what has no faults is ``no-chaos``.
    """

    name: str
    description: str
    rules: tuple[Rule, ...]
    golden: tuple[GoldenPrompt, ...]
    scenarios: tuple[Scenario, ...]
    columns: tuple[str, ...]

    @classmethod
    def wanted(cls, config: FlakeStormConfig, names: Collection[str] = ()) -> Contract:
        """The contract of ``config``, in the scenarios ``names`` only where there are any.

        Raises ``UsageError`` without a contract, and for scenarios that are not there or cannot be.
        """
        section = config.contract
        if section is None:
            raise UsageError(
                f"{config.source_path or 'the configuration'} has no section contract. It is a mapping with "
                "name, invariants and chaos_matrix: see docs/contracts.md."
            )
        matrix = config.scenarios
        for scenario in matrix:
            if scenario.name == NO_CHAOS and scenario.disturbed:
                raise UsageError(
                    f"the scenario '{NO_CHAOS}' has faults, but its name stands for the undisturbed agent. "
                    "Give it another name."
                )
        written = tuple(dict.fromkeys(column_of(scenario) for scenario in matrix)) or (NO_CHAOS,)
        chosen = {_chosen(name, matrix, written) for name in names}
        columns = tuple(column for column in written if not chosen or column in chosen)
        return cls(
            name=section.name,
            description=section.description,
            rules=named_rules(section.invariants),
            golden=config.golden,
            scenarios=tuple(
                scenario for scenario in matrix if scenario.disturbed and scenario.name in columns
            ),
            columns=columns,
        )

    @cached_property
    def prompts(self) -> tuple[GoldenPrompt, ...]:
        """Every prompt that a rule speaks about, each once: golden ones first, then probes."""
        asked = [prompt for rule in self.rules for prompt in self.prompts_of(rule)]
        return tuple(dict.fromkeys(sorted(asked, key=lambda prompt: prompt not in self.golden)))

    def prompts_of(self, rule: Rule) -> tuple[GoldenPrompt, ...]:
        """The prompts whose trials ``rule`` judges; a probe that is a golden prompt goes by that name."""
        return tuple(self._probes[text] for text in rule.probes) or self.golden

    @cached_property
    def _probes(self) -> Mapping[str, GoldenPrompt]:
        known = {prompt: prompt for prompt in self.golden}
        made = {text: _probe(text) for rule in self.rules for text in rule.probes}
        return {text: known.get(probe, probe) for text, probe in made.items()}

    @cached_property
    def rules_of(self) -> Mapping[str, tuple[Rule, ...]]:
        """Prompt id → the rules that judge its trials, in their order."""
        found: dict[str, list[Rule]] = {prompt.id: [] for prompt in self.prompts}
        for rule in self.rules:
            for id_ in dict.fromkeys(prompt.id for prompt in self.prompts_of(rule)):
                found[id_].append(rule)
        return {id_: tuple(rules) for id_, rules in found.items()}

    @property
    def judges_undisturbed(self) -> bool:
        """Whether the undisturbed agent is part of the contract."""
        return NO_CHAOS in self.columns

    def faults_of(self, column: str) -> frozenset[Any]:
        """What a scenario disturbs: any of llm, tool, context."""
        return next((s.disturbed for s in self.scenarios if s.name == column), frozenset())

    def judging(self, prompt: GoldenPrompt, column: str) -> tuple[Rule, ...]:
        """The rules that have a word to say about ``prompt`` in a scenario."""
        return tuple(rule for rule in self.rules_of[prompt.id] if rule.id in self._speaking[column])

    @cached_property
    def _speaking(self) -> Mapping[str, frozenset[str | None]]:
        """Scenario → the ids of the rules that are for it; which prompt it is makes no difference."""
        found = {}
        for column in self.columns:
            trial, faults = Trial.of(self.golden[0], scenario=column), self.faults_of(column)
            found[column] = frozenset(rule.id for rule in self.rules if speaks_about(rule, trial, faults))
        return found

    def terms(self, fresh: str = "", deterministic: bool = False) -> Terms:
        """What is promised, for the store and for reports; see ``Terms``."""
        promises = tuple(
            Promise(rule.id or "", rule.type, rule.severity, rule.description, rule.when, len(rule.probes))
            for rule in self.rules
        )
        return Terms(self.name, promises, self.columns, self.description, fresh, deterministic)


def column_of(scenario: Scenario) -> str:
    """The scenario's name; all that have no faults are the same column, and share the control arm."""
    return scenario.name if scenario.disturbed else NO_CHAOS


def _chosen(name: str, matrix: tuple[Scenario, ...], columns: tuple[str, ...]) -> str:
    for scenario in matrix:
        if scenario.name == name:
            return column_of(scenario)
    if name in columns:
        return name
    known = [scenario.name for scenario in matrix] or list(columns)
    near = did_you_mean(name, known) or "."
    raise UsageError(f"--scenario {name}: the contract has no such scenario{near} It has: {', '.join(known)}")


def _probe(text: str) -> GoldenPrompt:
    line = " ".join(text.split())
    return GoldenPrompt((text,), f"probe: {line if len(line) <= LABEL else line[: LABEL - 1] + '…'}")
