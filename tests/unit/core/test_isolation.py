"""How the trials of a contract are kept apart, by what the configuration offers."""

from __future__ import annotations

import asyncio

import pytest

from flakestorm.chaos.traffic import Traffic
from flakestorm.core.config import FlakeStormConfig
from flakestorm.core.contract_judge import ContractJudge
from flakestorm.core.contract_matrix import Contract
from flakestorm.core.contract_run import ANEW, ContractRun, contract_chaos
from flakestorm.core.isolation import Lanes, is_independent, isolation_of
from flakestorm.model.outcome import Outcome
from flakestorm.model.trial import Trial

SERVED = "endpoint: 'http://127.0.0.1:{port}/', serve: {command: [serve, '{port}'], replicas: 3}"
HTTP = "endpoint: 'http://127.0.0.1:1/'"
PYTHON = "type: python, endpoint: 'a:b'"
COMMAND = "type: command, command: [answer]"


def config_of(agent: str, contract: str = "") -> FlakeStormConfig:
    """A contract of one rule on ``agent``."""
    return FlakeStormConfig.from_yaml(
        f"agent: {{{agent}}}\ngolden_prompts: [x]\n"
        f"contract: {{name: c, invariants: [{{type: output_not_empty}}]{contract}}}"
    )


class Replicas:
    """Remembers what it was asked to forget."""

    def __init__(self) -> None:
        self.done: list[str] = []

    async def preflight(self) -> None:
        """Nothing is checked."""

    async def send(self, _: object) -> Outcome:
        """Nothing is answered."""
        return Outcome(0.0, "")

    async def reset(self) -> None:
        """All of them."""
        self.done.append("all")

    async def reset_one(self, lane: int) -> None:
        """One of them."""
        self.done.append(f"reset {lane}")

    async def renew(self, lane: int) -> None:
        """One of them, anew."""
        self.done.append(f"renew {lane}")

    async def aclose(self) -> None:
        """Nothing is open."""


@pytest.mark.parametrize(
    ("agent", "contract", "at_once", "done"),
    [
        (f"{SERVED}, reset_endpoint: /reset", "", 3, "reset 2"),
        (f"{SERVED}, reset_endpoint: 'http://127.0.0.1:{{port}}/reset'", "", 3, "reset 2"),
        (f"{SERVED}, reset_endpoint: 'http://127.0.0.1:9/reset'", "", 1, "all"),
        (f"{SERVED}, reset_endpoint: /reset, reset_function: 'a:b'", "", 1, "all"),
        (f"{HTTP}, reset_endpoint: /reset", "", 1, "all"),
        (f"{PYTHON}, reset_function: 'a:b'", "", 1, "all"),
        (f"{SERVED}, reset_endpoint: /reset", ", fresh_process: true", 3, "renew 2"),
    ],
    ids=["path", "port", "one for all", "function too", "not served", "in process", "fresh process"],
)
async def test_what_is_reset(agent: str, contract: str, at_once: int, done: str) -> None:
    """Replicas are reset one by one where each has a reset of its own, and else all of them."""
    isolation = isolation_of(config_of(agent, contract), is_object=False)
    assert isolation is not None
    assert isolation.at_once == at_once
    assert isolation.allowance_s > 0
    replicas = Replicas()
    await isolation.renew(replicas, 2)
    assert replicas.done == [done]
    await isolation.renew(replicas, None)
    assert replicas.done == [done, "all"], "without a lane nobody knows which one"


def test_nothing_to_reset() -> None:
    """Then trials run as they may; a program of its own for each trial forgets by itself."""
    assert isolation_of(config_of(SERVED), is_object=False) is None
    assert is_independent(config_of(COMMAND).agent, is_object=False)
    assert not is_independent(config_of(COMMAND).agent, is_object=True)
    for agent, fresh in ((COMMAND, ANEW), (HTTP, "")):
        config = config_of(agent)
        run = ContractRun.of(config, contract_chaos(Contract.wanted(config)), is_object=False)
        assert run is not None
        assert run.terms().fresh == fresh
        assert run.isolation is None


@pytest.mark.parametrize(("possible", "expected"), [(None, 3), (2, 2), (8, 3)])
def test_as_many_at_once_as_can_be_told_apart(possible: int | None, expected: int) -> None:
    """Neither more than there are agents to reset, nor more than calls can be told apart."""
    isolation = isolation_of(config_of(f"{SERVED}, reset_endpoint: /reset"), is_object=False)
    assert isolation is not None
    assert isolation.limit(possible) == expected


def test_other_runs_are_no_contracts() -> None:
    """Without scenarios of a contract there is none, though the file has one."""
    assert ContractRun.of(config_of(HTTP), None, is_object=False) is None


async def test_a_lane_has_one_trial_at_a_time() -> None:
    """Nobody gets a lane, or has it made ready, before the trial that has it is done."""
    lanes = Lanes(2)
    ready: list[int | None] = []

    async def prepare(lane: int | None) -> None:
        ready.append(lane)

    async def third() -> int | None:
        async with lanes.around(Traffic("c"), prepare) as lane:
            return lane

    async with lanes.around(Traffic("a"), prepare) as first, lanes.around(Traffic("b"), prepare) as second:
        assert {first, second} == {0, 1}
        waiting = asyncio.create_task(third())
        await asyncio.sleep(0)
        assert len(ready) == 2
    assert await waiting in (0, 1)
    assert len(ready) == 3
    assert lanes.missing({"llm"}) == ""


async def test_deliberating_is_judging_where_no_model_is_asked() -> None:
    """Both ways give the same verdicts."""
    contract = Contract.wanted(config_of(HTTP))
    judge = ContractJudge(contract)
    trial = Trial.of(contract.prompts[0])
    outcome = Outcome(1.0, "yes")
    assert not judge.deliberates
    assert await judge.deliberate(trial, outcome) == judge.judge(trial, outcome)
