"""The client: what it asks again, what it never asks twice, and what it may spend."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from flakestorm.llm.client import LONGEST_WAIT_S
from flakestorm.model.chat import Completion, LlmErrorKind
from flakestorm.model.errors import LlmError

KINDS = LlmErrorKind


def error(kind: LlmErrorKind, retry_after_s: float | None = None, tokens: int = 0) -> LlmError:
    """An error as an adapter raises it."""
    return LlmError(kind, f"fake: {kind}", retry_after_s, tokens)


async def test_an_answer_is_counted_and_kept(make_bench):
    """The same question is not asked again, by the same client or by another one later."""
    bench = make_bench(Completion("hi", 7))
    assert await bench.ask() == Completion("hi", 7)
    assert await bench.ask() == Completion("hi", 0)
    later = make_bench(Completion("something else"))
    assert (await later.ask()).text == "hi"
    assert (len(bench.provider.asked), bench.client.hits, len(later.provider.asked)) == (1, 1, 0)
    assert (bench.shared.budget.calls, bench.shared.budget.tokens) == (1, 7)
    assert bench.provider.asked[0] == ("be brief", "hello", 0.5, 100, 0)


async def test_another_seed_is_another_question(make_bench):
    """So are another text and another model."""
    bench = make_bench()
    await bench.ask(seed=0)
    await bench.ask(seed=1)
    await bench.ask("bye")
    assert len(bench.provider.asked) == 3


async def test_seeds_fit(make_bench):
    """Any whole number is a seed for users; providers take 31 bits."""
    bench = make_bench()
    for seed in (-1, 2**31 + 5):
        await bench.ask(seed=seed)
    assert [asked[4] for asked in bench.provider.asked] == [2**31 - 1, 5]


async def test_the_same_question_at_the_same_time_is_asked_once(make_bench):
    """Those who come later wait for the answer."""
    bench = make_bench()
    assert len(set(await asyncio.gather(*(bench.ask() for _ in range(5))))) == 2
    assert len(bench.provider.asked) == 1


@pytest.mark.parametrize("kind", [KINDS.RATE_LIMIT, KINDS.TIMEOUT, KINDS.UNAVAILABLE])
async def test_transient_errors_are_asked_again(make_bench, kind):
    """With growing waits, and each try is paid from the budget of calls."""
    bench = make_bench(error(kind), error(kind), Completion("at last"))
    assert (await bench.ask()).text == "at last"
    assert bench.shared.budget.calls == 3
    assert 0.5 <= bench.slept[0] < 1.5 <= 3 * bench.slept[1] < 9


@pytest.mark.parametrize(("asked", "waited"), [(7.5, 7.5), (0.0, 0.0), (86_400.0, LONGEST_WAIT_S)])
async def test_the_server_says_how_long(make_bench, asked, waited):
    """Within reason."""
    bench = make_bench(error(KINDS.RATE_LIMIT, asked), Completion("ok"))
    await bench.ask()
    assert bench.slept == [waited]


async def test_retries_end(make_bench):
    """One more than ``retries`` requests, and then the error."""
    bench = make_bench(error(KINDS.UNAVAILABLE), retries=2)
    with pytest.raises(LlmError) as caught:
        await bench.ask()
    assert caught.value.kind is KINDS.UNAVAILABLE
    assert bench.shared.budget.calls == 3


@pytest.mark.parametrize("kind", [KINDS.BAD_REPLY, KINDS.REFUSED])
async def test_lasting_errors_are_not_asked_again(make_bench, kind):
    """They are not kept either: the next time may be better. What they cost is counted."""
    bench = make_bench(error(kind, tokens=11), Completion("better", 1))
    with pytest.raises(LlmError, match=str(kind)):
        await bench.ask()
    assert (await bench.ask()).text == "better"
    assert (bench.slept, bench.shared.budget.tokens) == ([], 12)


async def test_a_parameter_less_is_tried_at_once(make_bench):
    """Not counted among the retries, but among the calls."""
    bench = make_bench(error(KINDS.ADJUSTED), error(KINDS.ADJUSTED), Completion("ok"), retries=0)
    assert (await bench.ask()).text == "ok"
    assert (bench.slept, bench.shared.budget.calls) == ([], 3)


async def test_a_wrong_key_ends_all_asking(make_bench):
    """Nothing more is sent; what is known is still given."""
    bench = make_bench(Completion("known"), error(KINDS.AUTH))
    await bench.ask("first")
    for text in ("second", "third"):
        with pytest.raises(LlmError) as caught:
            await bench.ask(text)
        assert caught.value.kind is KINDS.AUTH
    assert (await bench.ask("first")).text == "known"
    assert len(bench.provider.asked) == 2


async def test_a_missing_key_asks_nothing(make_bench):
    """It says what to do instead."""
    bench = make_bench(lacking="no key: set X")
    with pytest.raises(LlmError, match="no key: set X"):
        await bench.ask()
    assert bench.provider.asked == []


@pytest.mark.parametrize(
    ("limits", "key"), [({"calls": 1}, "budget_calls"), ({"tokens": 7}, "budget_tokens")]
)
async def test_the_budget_is_exact(make_bench, limits, key):
    """One call, or the seven tokens that it costs; then an error that names the setting."""
    bench = make_bench(Completion("hi", 7), **limits)
    await bench.ask("one")
    with pytest.raises(LlmError, match=f"model.{key}") as caught:
        await bench.ask("two")
    assert caught.value.kind is KINDS.BUDGET
    assert len(bench.provider.asked) == 1
    assert (await bench.ask("one")).text == "hi", "the cache is free"


async def test_no_answer_is_given_up(make_bench):
    """After ``timeout_s``, although the provider never returns."""
    bench = make_bench(hang=True, timeout_s=0.01, retries=1)
    with pytest.raises(LlmError, match=r"no answer within 0\.01 s") as caught:
        await bench.ask()
    assert caught.value.kind is KINDS.TIMEOUT
    assert len(bench.provider.asked) == 2


async def test_secrets_are_neither_sent_nor_kept(make_bench, tmp_path):
    """Nor shown in an error."""

    def redact(text: str) -> str:
        return text.replace("hunter2", "•••")

    bench = make_bench(
        Completion("you said hunter2"), LlmError(KINDS.REFUSED, "hunter2 is wrong"), redact=redact
    )
    assert (await bench.ask("my key is hunter2")).text == "you said •••"
    assert bench.provider.asked[0][1] == "my key is •••"
    with pytest.raises(LlmError, match=r"^••• is wrong$"):
        await bench.ask("again")
    bench.shared.cache.close()
    assert b"hunter2" not in b"".join(path.read_bytes() for path in tmp_path.iterdir())


async def test_an_unusable_cache_costs_only_money(make_bench, tmp_path):
    """Every question is new, and one sentence says why."""
    (tmp_path / "file").write_text("not a database, but long enough to look like one " * 100)
    for path in (tmp_path / "file", tmp_path / "file" / "below", Path("/proc/none/cache")):
        bench = make_bench(cache=path)
        await bench.ask()
        await bench.ask()
        assert len(bench.provider.asked) == 2
        assert str(path) in bench.shared.cache.trouble


async def test_closing_closes_the_provider(make_bench):
    """Its connections are its own."""
    bench = make_bench()
    await bench.client.aclose()
    assert bench.provider.closed


async def test_cancelling_as_the_answer_comes_cancels(make_bench):
    """The answer does not swallow a cancellation that comes with it."""
    bench = make_bench()
    answer = asyncio.get_running_loop().create_future()

    async def complete(system: str, user: str, **_: object) -> Completion:
        return await answer

    bench.provider.complete = complete
    asked = asyncio.create_task(bench.ask())
    for _ in range(5):
        await asyncio.sleep(0)
    answer.set_result(Completion("hi"))
    asked.cancel()
    await asyncio.wait({asked})
    assert asked.cancelled()
