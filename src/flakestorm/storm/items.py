"""The items of a marked test: golden prompts undisturbed, each trial, each cell of a contract, the score."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

import pytest

from flakestorm.core.contract_matrix import Contract
from flakestorm.core.planning import make_plan, strategy_of
from flakestorm.model.composition import short_name, type_of
from flakestorm.model.contract import CellStatus
from flakestorm.model.errors import FlakestormError, UsageError
from flakestorm.model.record import TrialRecord, TrialStatus
from flakestorm.model.trial import NO_CHAOS, Trial
from flakestorm.mutations.engine import Mutator
from flakestorm.storm.experiment import Experiment, experiment_of
from flakestorm.storm.failure import explained, explained_cell
from flakestorm.storm.running import folder_of
from flakestorm.storm.shared_run import SharedRun, session_of

LABEL = 24


@dataclass(frozen=True, eq=False)
class Item(ABC):
    """One test: ``id`` is readable and the same in every worker and session."""

    id: str
    shared: SharedRun
    has_body = True

    def select(self) -> None:  # noqa: B027 - most need none
        """It was not deselected, so its trials are needed."""

    @abstractmethod
    def record(self) -> TrialRecord | None:
        """What the fixture ``storm_trial`` gives."""

    @abstractmethod
    def check(self, nodeid: str) -> None:
        """Fail, skip, or let the test's own body go on. Raises ``FlakestormError`` where nothing was run."""


@dataclass(frozen=True, eq=False)
class TrialItem(Item):
    """A trial, or all undisturbed ones of a golden prompt."""

    trials: tuple[Trial, ...]

    def select(self) -> None:
        """Its trials are needed."""
        self.shared.selected.update(trial.id for trial in self.trials)

    def record(self) -> TrialRecord | None:
        """See ``Item``."""
        found = [self.shared.records[trial.id] for trial in self.trials if trial.id in self.shared.records]
        # Of several undisturbed trials the one that failed is the one to look at.
        return min(found, key=lambda record: record.status is TrialStatus.PASSED, default=None)

    def check(self, nodeid: str) -> None:
        """See ``Item``."""
        record = self.record()
        if record is None:
            pytest.fail(f"flakestorm: the run ended before this trial: {_why(self.shared)}", pytrace=False)
        if record.status is TrialStatus.PASSED:
            return
        told = explained(record, self.shared.run, nodeid)
        if record.status is TrialStatus.SKIPPED:
            pytest.skip(f"flakestorm: {record.note}")
        if record.status is TrialStatus.INCONCLUSIVE:
            pytest.skip(f"flakestorm, inconclusive: {record.note}")
        if not record.trial.is_control and self.shared.experiment.config.advanced.min_score is not None:
            pytest.xfail(f"flakestorm: min_score decides, see the item 'score'. {told.splitlines()[0]}")
        pytest.fail(told, pytrace=False)


@dataclass(frozen=True, eq=False)
class CellItem(Item):
    """An invariant of a contract in a scenario."""

    invariant: str
    scenario: str
    has_body = False

    def record(self) -> TrialRecord | None:
        """See ``Item``."""
        return None

    def check(self, nodeid: str) -> None:
        """See ``Item``."""
        result = self.shared.run.contract
        cells = [] if result is None else result.cells
        cell = next((c for c in cells if (c.invariant, c.scenario) == (self.invariant, self.scenario)), None)
        if cell is None or cell.status in (CellStatus.SKIPPED, CellStatus.INCONCLUSIVE):
            pytest.skip(f"flakestorm: {self.invariant} is not judged in {self.scenario}")
        if cell.status is not CellStatus.PASSED:
            pytest.fail(explained_cell(self.invariant, self.scenario, self.shared.run, nodeid), pytrace=False)


@dataclass(frozen=True, eq=False)
class ScoreItem(Item):
    """The score of all trials against ``min_score``."""

    has_body = False

    def record(self) -> TrialRecord | None:
        """See ``Item``."""
        return None

    def check(self, _: str) -> None:
        """See ``Item``."""
        assessment = self.shared.run.assessment
        if assessment.exit_code:
            pytest.fail("\n".join((f"flakestorm: {assessment.headline}", *assessment.reasons)), pytrace=False)


def items_of(mark: pytest.Mark, definition: pytest.Item) -> list[Item]:
    """The items of a test; what is wrong with its mark is told once, where it is collected."""
    if mark.args:
        raise pytest.UsageError(
            f"{definition.nodeid}: @pytest.mark.flakestorm takes keyword arguments only, such as agent=…"
        )
    config = definition.config
    try:
        experiment = experiment_of(
            mark.kwargs,
            definition.path.parent,
            config.getoption("--flakestorm-seed"),
            config.getoption("--flakestorm-count"),
        )
        shared = SharedRun(experiment, session_of(config), definition.nodeid, config.rootpath)
        made = list(_cells(shared) if experiment.contract is not None else _trials(shared))
    except FlakestormError as error:
        raise pytest.UsageError(f"{definition.nodeid}: {error}") from None
    shared.planned = sum(len(item.trials) for item in made if isinstance(item, TrialItem))
    if experiment.config.advanced.min_score is not None:
        made.append(ScoreItem("score", shared))
    return made


def _cells(shared: SharedRun) -> Iterator[Item]:
    contract = Contract.wanted(shared.experiment.config, shared.experiment.contract or ())
    for scenario in contract.columns:
        for promise in contract.terms("", False).promises:
            yield CellItem(f"{scenario}-{_slug(promise.name)}", shared, promise.name, scenario)


def _trials(shared: SharedRun) -> Iterator[Item]:
    control: dict[str, list[Trial]] = {}
    disturbed: list[Trial] = []
    for trial in _planned(shared.experiment, shared):
        (control.setdefault(trial.prompt.id, []) if trial.is_control else disturbed).append(trial)
    for trials in control.values():
        prompt = trials[0].prompt
        yield TrialItem(f"{_slug(prompt.name or prompt.text)}-undisturbed-{prompt.id}", shared, tuple(trials))
    for trial in disturbed:
        yield TrialItem(_name(trial), shared, (trial,))


def _planned(experiment: Experiment, shared: SharedRun) -> Iterator[Trial]:
    config = experiment.config
    if config.model.provider != "builtin" and "custom" in config.mutations.types:
        raise UsageError(
            "with a language model the type custom makes other mutations each time, and tests must stay the "
            "same: take custom out of types, or model out of the configuration."
        )
    # Attacks on the protocol are for `flakestorm run`: they disturb whoever shares the agent.
    mutator = Mutator(config.mutations, config.advanced.seed, attacks=False, prompts=config.golden)
    folder = folder_of(shared.root)
    strategy = strategy_of(config, folder, chaos=experiment.chaos)
    plan = make_plan(config, mutator, strategy, folder, chaos=experiment.chaos)
    return chain(plan.control(), *plan.rounds())


def _name(trial: Trial) -> str:
    words = [_slug(trial.prompt.name or trial.prompt.text)]
    if trial.mutation is not None:
        operator = trial.mutation.operator
        words.append(f"{type_of(operator)}.{short_name(operator).replace(' ', '_')}")
    if trial.scenario != NO_CHAOS:
        words.append(trial.scenario.replace(" ", ","))
    return "-".join((*words, trial.id[:8]))


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9_]+", "_", text.lower()).strip("_")[:LABEL].strip("_") or "prompt"


def _why(shared: SharedRun) -> str:
    return shared.run.info.stop_reason or "it is no trial of the stored run"
