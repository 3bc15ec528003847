"""The engine with a fake agent: determinism, resumption, budgets, throttling, and what is kept."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from flakestorm.core.assembly import load_run
from flakestorm.core.config import FlakeStormConfig
from flakestorm.core.execution import Execution
from flakestorm.core.wishes import Wishes
from flakestorm.model.errors import AgentUnreachable, StoreError, UsageError
from flakestorm.model.events import Event, RunStarted, Throttled, TrialFinished
from flakestorm.model.record import TrialRecord, TrialStatus
from flakestorm.model.run import Run
from flakestorm.store.run_file import RunFile
from flakestorm.store.runs import RunFolder

BASE = """
agent: {endpoint: "unused:agent", type: python}
golden_prompts: ["Where is my refund for order 4512?", "How do I return the shoes?", "Say refund"]
mutations: {count: 12}
invariants:
  - {type: contains, value: refund}
  - {type: output_not_empty}
"""


async def shop(prompt: str) -> str:
    """Knows refunds, in lower case, and returns."""
    return "a refund takes five days" if "refund" in prompt or "return" in prompt else "sorry?"


async def execute(
    folder: Path,
    agent: Callable[[str], object] = shop,
    advanced: str = "",
    listeners: tuple[Callable[[Event], None], ...] = (),
    **wishes: object,
) -> Run:
    """One run of BASE with the given ``advanced`` section."""
    config = FlakeStormConfig.from_yaml(BASE + (f"advanced: {{{advanced}}}" if advanced else ""))
    asked = Wishes(target=agent, folder=RunFolder(folder), **wishes)  # type: ignore[arg-type]
    return await Execution(config, asked, listeners).run()


def essence(run: Run) -> list[tuple[object, ...]]:
    """What must not depend on speed or order."""
    return sorted((r.trial.id, r.status, r.outcome.reply, r.verdicts) for r in run.records())


@pytest.mark.parametrize("concurrency", [1, 7, 64])
async def test_concurrency_changes_nothing(tmp_path: Path, concurrency: int) -> None:
    """Same seed, same trials, replies, verdicts and scores at any concurrency."""
    alone = await execute(tmp_path / "one", advanced="concurrency: 1")
    together = await execute(tmp_path / "many", advanced=f"concurrency: {concurrency}")
    assert essence(alone) == essence(together)
    assert alone.scores == together.scores
    assert alone.totals.trials == 3 * 3 + 3 * 12


async def test_another_seed_makes_other_trials(tmp_path: Path) -> None:
    """Only the control arm is the same."""
    first = await execute(tmp_path / "a", advanced="seed: 1")
    second = await execute(tmp_path / "b", advanced="seed: 2")
    shared = {r.trial.id for r in first.records()} & {r.trial.id for r in second.records()}
    control = {r.trial.id for r in first.records() if r.trial.is_control}
    assert control <= shared
    assert len(shared) < first.totals.trials / 2


async def test_budget_then_resume_equals_an_undisturbed_run(tmp_path: Path) -> None:
    """A run that stopped half-way and was resumed is the same as one that did not stop."""
    whole = await execute(tmp_path / "whole")
    part = await execute(tmp_path / "part", advanced="max_calls: 20")
    assert part.info.status == "partial"
    assert "max_calls" in part.info.stop_reason
    assert part.totals.trials == 20
    assert part.assessment.exit_code == 4
    assert part.assessment.headline.startswith("Partial, 20 of 45 trials: keeps its rules in ")
    rest: list[Event] = []
    resumed = await execute(tmp_path / "part", resume="latest", listeners=(rest.append,))
    assert resumed.info.status == "complete"
    assert essence(resumed) == essence(whole)
    assert resumed.scores == whole.scores
    assert sum(isinstance(event, TrialFinished) for event in rest) == whole.totals.trials - 20
    assert next(event for event in rest if isinstance(event, RunStarted)).done == 20


async def test_resume_refuses_another_experiment(tmp_path: Path) -> None:
    """A changed configuration, a complete run and an unknown id are clear errors."""
    await execute(tmp_path, advanced="max_calls: 5")
    with pytest.raises(UsageError, match="another configuration"):
        await execute(tmp_path, advanced="seed: 9", resume="latest")
    await execute(tmp_path, resume="latest")
    with pytest.raises(UsageError, match="is complete"):
        await execute(tmp_path, resume="latest")
    with pytest.raises(UsageError, match="no run 'nowhere'"):
        await execute(tmp_path, resume="nowhere")


async def test_records_are_stored_before_they_are_announced(tmp_path: Path) -> None:
    """Whoever hears of a trial finds it in the file."""
    folder = RunFolder(tmp_path)
    missing: list[str] = []

    def look(event: Event) -> None:
        if isinstance(event, TrialFinished):
            store = folder.open("latest")
            if event.record.trial.id not in store.finished():
                missing.append(event.record.trial.id)
            store.close()

    run = await execute(tmp_path, listeners=(look,))
    assert run.totals.trials
    assert missing == []


async def test_the_stored_run_is_the_live_run(tmp_path: Path) -> None:
    """Counting again from the store gives every number of the run."""
    live = await execute(tmp_path)
    store = RunFolder(tmp_path).open("latest")
    again = load_run(store)
    assert (again.scores, again.totals, again.by_type, again.by_prompt, again.assessment) == (
        live.scores,
        live.totals,
        live.by_type,
        live.by_prompt,
        live.assessment,
    )  # fmt: skip - pairs are easier to compare so
    assert {cause.title for cause in again.causes} == {cause.title for cause in live.causes}
    store.close()


async def test_a_rule_that_fails_undisturbed_is_not_charged(tmp_path: Path) -> None:
    """'contains' fails for every prompt undisturbed: it is set aside, and a finding says so."""
    run = await execute(tmp_path, agent=lambda _: "hello")
    assert {finding.kind for finding in run.findings} == {"control_fails"}
    statuses = {r.status for r in run.records() if not r.trial.is_control}
    assert TrialStatus.FAILED not in statuses


async def test_agent_exceptions_are_errors_not_failures(tmp_path: Path) -> None:
    """An agent that raises has no score; the run could not do its work."""

    def broken(prompt: str) -> str:
        raise RuntimeError(f"no idea about {prompt[:5]}")

    run = await execute(tmp_path, agent=broken)
    assert run.totals.errored == run.totals.trials
    assert run.scores.robustness is None
    assert run.assessment.exit_code == 3


async def test_only_failed_runs_the_failed_trials_again(tmp_path: Path) -> None:
    """Their golden prompts' control arm, and nothing else; a single trial works too."""
    first = await execute(tmp_path)
    failed = {r.trial.id for r in first.records() if r.status is TrialStatus.FAILED}
    assert failed
    again = await execute(tmp_path, only="failed")
    assert {r.trial.id for r in again.records() if not r.trial.is_control} == failed
    assert again.info.planned == again.totals.trials
    one = min(failed)
    single = await execute(tmp_path, only=f"trial:{one}")
    assert {r.trial.id for r in single.records() if not r.trial.is_control} == {one}
    with pytest.raises(UsageError, match="no planned trial fits"):
        await execute(tmp_path, only="trial:ffffffffffff")


@pytest.mark.parametrize(
    ("only", "said"),
    [
        ("faild", "did you mean 'failed'"),
        ("type:noize", "did you mean 'noise'"),
        ("trial:", "value must follow"),
    ],
)
async def test_a_wrong_selection_is_explained(tmp_path: Path, only: str, said: str) -> None:
    """With the nearest name and the accepted forms."""
    with pytest.raises(UsageError, match=said):
        await execute(tmp_path, only=only)


async def test_interrupt_keeps_what_finished(tmp_path: Path) -> None:
    """Ctrl-C: trials under way are given up, the rest is kept, labelled, and can be resumed."""
    stuck = asyncio.Event()
    answered = 0

    async def slow(prompt: str) -> str:
        nonlocal answered
        answered += 1
        if answered > 15:
            signal.raise_signal(signal.SIGINT)
            await stuck.wait()
        return await shop(prompt)

    run = await execute(tmp_path, agent=slow, advanced="concurrency: 4")
    assert run.info.status == "partial"
    assert run.assessment.exit_code == 130
    assert 10 <= run.totals.trials <= 15
    resumed = await execute(tmp_path, resume=run.info.id)
    assert essence(resumed) == essence(await execute(tmp_path / "whole"))


async def test_a_store_that_cannot_write_ends_the_run_at_once(tmp_path: Path) -> None:
    """A full disk (SQLite's own page limit here) is reported, and what was written can be resumed."""
    calls = 0

    async def counted(prompt: str) -> str:
        nonlocal calls
        calls += 1
        if calls == 3:
            limit_pages(tmp_path)
        return await shop(prompt)

    def limit_pages(folder: Path) -> None:
        # The engine's own connection gets the limit, as a full disk would.
        connection = captured[0]._connection
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {pages}")

    captured: list[RunFile] = []
    original = RunFile.create

    def capture(path: Path, facts: dict[str, object]) -> RunFile:
        captured.append(original(path, facts))
        return captured[0]

    RunFile.create = capture  # type: ignore[method-assign,assignment]
    try:
        with pytest.raises(StoreError, match="disk is full"):
            await execute(tmp_path, agent=counted, advanced="concurrency: 2")
    finally:
        RunFile.create = original  # type: ignore[method-assign]
    resumed = await execute(tmp_path, resume="latest")
    assert resumed.info.status == "complete"


async def test_a_dead_agent_leaves_no_run_behind(tmp_path: Path) -> None:
    """Preflight fails before anything is stored."""
    config = FlakeStormConfig.from_yaml(
        BASE.replace('{endpoint: "unused:agent", type: python}', "{endpoint: 'http://127.0.0.1:9/'}")
    )
    with pytest.raises(AgentUnreachable):
        await Execution(config, Wishes(folder=RunFolder(tmp_path))).run()
    assert RunFolder(tmp_path).ids() == []


async def test_two_runs_at_once_do_not_meet(tmp_path: Path) -> None:
    """Each has a file of its own, and one run cannot be resumed twice at the same time."""
    first, second = await asyncio.gather(execute(tmp_path), execute(tmp_path))
    assert first.info.id != second.info.id
    assert essence(first) == essence(second)


def everything_in(folder: Path) -> bytes:
    """The bytes of all files below ``folder``."""
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


async def test_secrets_do_not_land(tmp_path: Path) -> None:
    """Neither a configured secret nor a well-known key form reaches the file; evidence keeps its place."""
    config = FlakeStormConfig.from_yaml(
        BASE.replace("type: python}", "type: python, headers: {Authorization: 'Bearer ${SHOP_TOKEN}'}}"),
        environment={"SHOP_TOKEN": "hunter2-hunter2"},
    )

    async def leaky(prompt: str) -> str:
        return f"refund {prompt} hunter2-hunter2 sk-ant-abcdefghijklmnopqrstuvwxyz0123"

    run = await Execution(config, Wishes(target=leaky, folder=RunFolder(tmp_path))).run()
    assert run.totals.passed
    stored = everything_in(tmp_path)
    assert b"hunter2-hunter2" not in stored
    assert b"sk-ant-abcdef" not in stored
    record: TrialRecord = next(run.records())
    assert "[redacted]" in (record.outcome.reply or "")


async def test_throttling_is_told(tmp_path: Path) -> None:
    """Events carry what the agent asked for."""
    events: list[Event] = []
    await execute(tmp_path, listeners=(events.append,))
    assert not any(isinstance(event, Throttled) for event in events)
