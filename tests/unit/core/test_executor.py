"""The local executor: retries that hide nothing, throttling, deadlines, budgets."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from time import monotonic

import pytest

from flakestorm.core import executor as module
from flakestorm.core.executor import Limits, LocalExecutor, allowed_s
from flakestorm.core.pace import Pace
from flakestorm.model.mutation import Kind, Mutation
from flakestorm.model.outcome import ErrorKind, Outcome, OutcomeError
from flakestorm.model.prompt import GoldenPrompt
from flakestorm.model.retry_after import LONGEST_WAIT_S
from flakestorm.model.trial import Trial
from flakestorm.model.wire import Ended, Heartbeat, Wire, WireExchange

Send = Callable[[Trial], Awaitable[Outcome]]

CONTROL = [Trial.of(GoldenPrompt(("hello",)), repeat=number) for number in range(6)]
MUTATED = [
    Trial.of(
        GoldenPrompt(("hello",)), Mutation("noise", "noise.x", (text,), Kind.PRESERVES_MEANING, 0, 0.3, ())
    )
    for text in "abcdef"
]
OK = Outcome(1.0, "hi")
REFUSED = Outcome(1.0, error=OutcomeError(ErrorKind.REFUSED, "refused"))
BUSY = Outcome(1.0, error=OutcomeError(ErrorKind.STATUS, "429"), status=429, retry_after_s=0.01)


async def execute(
    send: Send, trials: list[Trial], limits: Limits | None = None, pace: Pace | None = None
) -> tuple[dict[str, Outcome], str]:
    """Outcomes by trial id, and why it stopped."""
    limits = limits or Limits(concurrency=2)
    outcomes: dict[str, Outcome] = {}
    executor = LocalExecutor(send, limits, pace or Pace(limits.concurrency), seed=0)
    stopped = await executor.execute(
        iter(trials), lambda trial, outcome: outcomes.update({trial.id: outcome})
    )
    return outcomes, stopped


def failing_first(bad: Outcome, times: int) -> tuple[Send, dict[str, int]]:
    """An agent that gives ``bad`` the first ``times`` times to each trial."""
    calls: dict[str, int] = {}

    async def send(trial: Trial) -> Outcome:
        calls[trial.id] = calls.get(trial.id, 0) + 1
        return bad if calls[trial.id] <= times else OK

    return send, calls


async def test_transport_faults_are_retried_in_the_control_arm_only() -> None:
    """A disturbed trial whose connection fails may show a fault of the agent: it is not asked again."""
    send, calls = failing_first(REFUSED, 1)
    outcomes, _ = await execute(send, [CONTROL[0], MUTATED[0]])
    assert outcomes[CONTROL[0].id].reply == "hi"
    assert outcomes[CONTROL[0].id].attempts == 2
    assert outcomes[MUTATED[0].id] == REFUSED
    assert calls[MUTATED[0].id] == 1


async def test_status_errors_of_the_control_arm_are_not_retried() -> None:
    """A 500 is the agent's own doing."""
    crash = Outcome(1.0, error=OutcomeError(ErrorKind.STATUS, "500"), status=500)
    send, calls = failing_first(crash, 1)
    outcomes, _ = await execute(send, [CONTROL[0]])
    assert outcomes[CONTROL[0].id] == crash
    assert calls[CONTROL[0].id] == 1


async def test_retries_are_bounded() -> None:
    """After ``retries`` further tries the error stands."""
    send, calls = failing_first(REFUSED, 99)
    outcomes, _ = await execute(send, [CONTROL[0]], Limits(concurrency=1, retries=2))
    assert calls[CONTROL[0].id] == 3
    assert outcomes[CONTROL[0].id].error == REFUSED.error


async def test_an_agent_that_asks_for_less_is_asked_less() -> None:
    """429 halves what runs at once, waits as told, tries again, and successes open up again."""
    told: list[tuple[int, float]] = []
    pace = Pace(4, on_throttle=lambda limit, wait: told.append((limit, wait)))
    send, _ = failing_first(BUSY, 1)
    outcomes, _ = await execute(send, MUTATED, Limits(concurrency=4), pace)
    assert all(outcome.reply == "hi" for outcome in outcomes.values())
    assert told[0] == (2, 0.01)


async def test_503_without_retry_after_is_the_agents_fault() -> None:
    """It is not taken for a request to slow down."""
    down = Outcome(1.0, error=OutcomeError(ErrorKind.STATUS, "503"), status=503)
    send, calls = failing_first(down, 1)
    outcomes, _ = await execute(send, [MUTATED[0]])
    assert outcomes[MUTATED[0].id] == down
    assert calls[MUTATED[0].id] == 1


async def test_never_more_at_once_than_allowed() -> None:
    """The concurrency limit holds."""
    active = most = 0

    async def send(trial: Trial) -> Outcome:
        nonlocal active, most
        active += 1
        most = max(most, active)
        await asyncio.sleep(0)
        active -= 1
        return OK

    await execute(send, MUTATED + CONTROL, Limits(concurrency=3))
    assert most == 3


async def test_some_more_may_wait_elsewhere_until_something_is_throttled() -> None:
    """With ``prefetch`` as many more are handed over, and none any more when the agent asks for less."""
    handed: list[int] = []
    active = 0
    pace = Pace(4, prefetch=lambda: 2)

    async def send(trial: Trial) -> Outcome:
        nonlocal active
        active += 1
        handed.append(active)
        await asyncio.sleep(0)
        active -= 1
        return BUSY if len(handed) == 9 else OK

    await execute(send, MUTATED + CONTROL, Limits(concurrency=4, prefetch=2), pace)
    assert max(handed[:9]) == 6
    assert max(handed[15:]) <= 4


def test_who_waits_elsewhere_is_not_overdue() -> None:
    """Nor while the agent asks, as long as it may, to be left alone: no timeout of the agent's has passed."""
    alone = allowed_s(MUTATED[0], Limits(deadline_s=1.0))
    ahead = allowed_s(MUTATED[0], Limits(deadline_s=1.0, prefetch=2))
    assert 1.0 < alone < 10.0
    assert ahead > alone + 2 * LONGEST_WAIT_S


async def test_rate_limit_spaces_the_starts() -> None:
    """Six trials at 200 a second cannot start within less than 25 ms."""
    starts: list[float] = []

    async def send(trial: Trial) -> Outcome:
        starts.append(monotonic())
        return OK

    await execute(send, MUTATED, Limits(concurrency=6), Pace(6, rate_per_s=200))
    assert max(starts) - min(starts) >= 0.024


async def test_budgets_stop_the_run_and_say_so() -> None:
    """Calls and minutes are budgets; what was under way is finished."""
    outcomes, stopped = await execute(failing_first(OK, 0)[0], MUTATED, Limits(concurrency=1, max_calls=2))
    assert len(outcomes) == 2
    assert "max_calls" in stopped
    outcomes, stopped = await execute(failing_first(OK, 0)[0], MUTATED, Limits(until=monotonic() - 1))
    assert outcomes == {}
    assert "max_minutes" in stopped


@pytest.mark.parametrize(
    ("outcome", "trials"),
    [
        (Outcome(1.0, "hi", wire=Wire((WireExchange(Ended.ANSWERED, 1.0),), Heartbeat(1.0, 3, 1, 1.0))), 2),
        (Outcome(1.0, "bye", replies=("hi", "well")), 3),
    ],
    ids=["an attack of seven requests", "a conversation of three turns"],
)
async def test_every_request_is_counted(outcome: Outcome, trials: int) -> None:
    """A budget is in requests to the agent, which is what they cost."""
    send, _ = failing_first(outcome, 6)
    done, _ = await execute(send, MUTATED, Limits(concurrency=1, max_calls=8))
    assert len(done) == trials


async def test_an_agent_without_a_timeout_of_its_own_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """The watchdog takes the trial from it, and the others go on."""
    monkeypatch.setattr(module, "GRACE_S", 0.0)
    never = asyncio.Event()

    async def send(trial: Trial) -> Outcome:
        if trial is MUTATED[0]:
            await never.wait()
        return OK

    outcomes, _ = await execute(send, MUTATED[:3], Limits(concurrency=2, deadline_s=0.01))
    error = outcomes[MUTATED[0].id].error
    assert error is not None
    assert error.kind is ErrorKind.TIMEOUT
    assert outcomes[MUTATED[2].id].reply == "hi"


async def test_a_raising_agent_plugin_is_an_outcome() -> None:
    """Plugins may break the port's promise; the run goes on."""

    async def send(trial: Trial) -> Outcome:
        raise LookupError("oops")

    outcomes, _ = await execute(send, MUTATED[:2])
    assert {outcome.error.message for outcome in outcomes.values() if outcome.error} == {"LookupError: oops"}


async def test_an_error_of_ours_ends_everything() -> None:
    """A report that raises (the store is full, say) stops the executor with that error."""

    def report(trial: Trial, outcome: Outcome) -> None:
        raise OSError("full")

    executor = LocalExecutor(failing_first(OK, 0)[0], Limits(concurrency=2), Pace(2), seed=0)
    with pytest.raises(OSError, match="full"):
        await executor.execute(iter(MUTATED), report)


async def test_a_cancelled_waiter_gives_its_place_back() -> None:
    """Places are not lost when somebody who waits is cancelled, before or after being granted one."""
    pace = Pace(1)
    await pace.enter()
    waiters = [asyncio.create_task(pace.enter()) for _ in range(2)]
    await asyncio.sleep(0)
    waiters[0].cancel()
    pace.leave()
    waiters[1].cancel()
    await asyncio.gather(*waiters, return_exceptions=True)
    await asyncio.wait_for(pace.enter(), 1)
