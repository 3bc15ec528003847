"""The fixture ``storm``: mutations, runs, contracts and faults from the code of a test."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

from flakestorm.chaos.faults.engine import FaultEngine
from flakestorm.chaos.inprocess.installed import installed
from flakestorm.chaos.traffic import Traffic, current_traffic
from flakestorm.core.advanced import AdvancedConfig
from flakestorm.model.contract import ContractVerdict
from flakestorm.model.errors import UsageError
from flakestorm.model.mutation import Mutation
from flakestorm.model.outcome import Call
from flakestorm.model.prompt import GoldenPrompt
from flakestorm.model.record import TrialRecord, TrialStatus
from flakestorm.model.redaction import Redactor
from flakestorm.model.run import Run, Score
from flakestorm.mutations.config import MutationsConfig
from flakestorm.mutations.engine import Mutator
from flakestorm.storm.experiment import experiment_of, scenario_of
from flakestorm.storm.failure import explained
from flakestorm.storm.running import execution_of, folder_of, run_apart

SHOWN_FAILURES = 3


@dataclass(frozen=True)
class StormResult:
    """A finished run. Assertions raise ``AssertionError`` with the smallest story that explains it."""

    run: Run
    nodeid: str

    @property
    def score(self) -> float | None:
        """The overall score (0–1); None where nothing could be judged."""
        overall = self.run.scores.overall
        return None if overall is None else overall.value

    @cached_property
    def records(self) -> tuple[TrialRecord, ...]:
        """All trials in the order in which they finished."""
        return tuple(self.run.records())

    @property
    def failures(self) -> tuple[TrialRecord, ...]:
        """The disturbed trials that failed."""
        return tuple(r for r in self.records if r.status is TrialStatus.FAILED and not r.trial.is_control)

    def assert_score(self, least: float) -> None:
        """The overall score is ``least`` (0–1) or more. An unjudged run has no score and fails."""
        __tracebackhide__ = True
        overall = self.run.scores.overall
        if overall is None or overall.value < least:
            raise AssertionError(self._story(f"{_score(overall)}, and {least:.3f} is asked for"))

    def assert_passed(self) -> None:
        """No trial failed, undisturbed ones included, and something was judged."""
        __tracebackhide__ = True
        failed = [record for record in self.records if record.status is TrialStatus.FAILED]
        if failed or not self.run.totals.passed:
            raise AssertionError(self._story(f"{len(failed)} of {self.run.totals.trials} trials failed"))

    def assert_kept(self) -> None:
        """The contract was kept: for results of ``storm.contract``."""
        __tracebackhide__ = True
        result = self.run.contract
        if result is None:
            raise UsageError("assert_kept is for contracts: make the result with storm.contract(...).")
        if result.verdict is not ContractVerdict.PASSED:
            raise AssertionError(self._story(f"the contract is {result.verdict}"))

    def _story(self, what: str) -> str:
        failed = [record for record in self.records if record.status is TrialStatus.FAILED]
        told = [explained(record, self.run, self.nodeid) for record in failed[:SHOWN_FAILURES]]
        more = [f"… and {len(failed) - len(told)} more failed trials"] if len(failed) > len(told) else []
        return "\n".join((f"flakestorm: {what}. {self.run.assessment.headline}", *told, *more))


def _score(score: Score | None) -> str:
    if score is None:
        return "nothing could be judged, so there is no score"
    return f"the score is {score.value:.3f} (95 % interval {score.low:.3f}–{score.high:.3f})"


class Disturbed:
    """What happened to the calls inside ``with storm.faults(…)``."""

    def __init__(self, traffic: Traffic) -> None:
        self._traffic = traffic

    @property
    def calls(self) -> tuple[Call, ...]:
        """The calls so far, with the faults that fired in them."""
        return self._traffic.calls()

    @property
    def fired(self) -> tuple[str, ...]:
        """The faults that fired so far; without any, the test proves nothing."""
        return tuple(name for call in self.calls for name in call.fired)


class Storm:
    """What the fixture gives. ``seed`` is that of ``--flakestorm-seed``, or the configuration's default."""

    def __init__(
        self,
        nodeid: str,
        directory: Path,
        root: Path,
        seed: int | None = None,
        count: int | None = None,
    ) -> None:
        self.nodeid = nodeid
        self.seed = AdvancedConfig().seed if seed is None else seed
        self._directory = directory
        self._root = root
        self._given_seed = seed
        self._count = count

    @classmethod
    def of(cls, request: pytest.FixtureRequest) -> Storm:
        """The one for the test of ``request``."""
        config, node = request.config, request.node
        seed, count = config.getoption("--flakestorm-seed"), config.getoption("--flakestorm-count")
        return cls(node.nodeid, node.path.parent, config.rootpath, seed, count)

    def mutations(
        self, prompt: str, count: int = 10, types: Sequence[str] = (), intensity: float = 0.3
    ) -> list[Mutation]:
        """Up to ``count`` different mutations of ``prompt``; the same ones for the same seed."""
        count = count if self._count is None else self._count
        chosen: dict[str, Any] = {"types": tuple(types)} if types else {}
        section = MutationsConfig(count=count, intensity=intensity, **chosen)
        golden = GoldenPrompt((prompt,))
        return list(Mutator(section, self.seed, attacks=False, prompts=(golden,)).mutations(golden))

    def run(self, agent: Any = None, **given: Any) -> StormResult:
        """Run ``agent`` (a URL, ``module:function`` or anything callable) with the arguments of the mark.

        Inside an asynchronous test use ``run_async``. Raises ``FlakestormError`` where it cannot be run.
        """
        experiment = experiment_of({**given, "agent": agent}, self._directory, self._given_seed, self._count)
        return StormResult(run_apart(execution_of(experiment, folder_of(self._root))), self.nodeid)

    async def run_async(self, agent: Any = None, **given: Any) -> StormResult:
        """The same in the event loop of the test, for agents that belong to it."""
        experiment = experiment_of({**given, "agent": agent}, self._directory, self._given_seed, self._count)
        return StormResult(await execution_of(experiment, folder_of(self._root)).run(), self.nodeid)

    def contract(self, config: str, agent: Any = None, scenarios: Sequence[str] = ()) -> StormResult:
        """Run the contract of the file ``config``, in some of its ``scenarios`` or in all."""
        return self.run(agent, config=config, contract=tuple(scenarios) or True)

    @contextmanager
    def faults(
        self, faults: Sequence[Mapping[str, Any]], tools: Sequence[Callable[..., Any]] = ()
    ) -> Iterator[Disturbed]:
        """Disturb the calls that the code in the with-block makes in this process.

        ``faults`` are written as in the section chaos. ``tools`` are the functions that are tools;
        what ``@flakestorm.tool`` marks is known by itself. Raises ``UsageError`` for a fault that is none.
        """
        engine = FaultEngine(scenario_of(faults), self.seed, self.nodeid)
        traffic = Traffic(self.nodeid, engine, Redactor())
        named = {f"{tool.__module__}:{tool.__qualname__}": tool for tool in tools}
        with installed(None, named):
            token = current_traffic.set(traffic)
            try:
                yield Disturbed(traffic)
            finally:
                current_traffic.reset(token)
