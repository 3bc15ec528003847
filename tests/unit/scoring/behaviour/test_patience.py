"""Retry storms, ignored waits, missing timeouts, refused keys: what an agent does when a call fails."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from flakestorm.model.outcome import Call
from flakestorm.scoring.behaviour.case import Case
from flakestorm.scoring.behaviour.hammering import hammering
from flakestorm.scoring.behaviour.no_timeout import no_timeout
from flakestorm.scoring.behaviour.retry_after import retry_after_ignored
from flakestorm.scoring.behaviour.retry_storm import retry_storm

MakeCase = Callable[..., Case]


def row(count: int, pause_ms: float, **changes: object) -> list[Call]:
    """``count`` equal calls that fail with 503, each ``pause_ms`` after the one before it ended."""
    step = 10.0 + pause_ms
    base = Call("llm", "gpt", 0.0, 10.0, 503, ("server_error",), sent="a")
    return [replace(base, started_ms=step * n, **changes) for n in range(count)]  # type: ignore[arg-type] # any field


def test_storm_is_found_and_measured(make_case: MakeCase) -> None:
    """Six hasty repeats are a storm; the SDK's own are told from the agent's."""
    calls = [replace(call, retry=number % 3) for number, call in enumerate(row(7, 50))]
    found = retry_storm(make_case(*calls))
    assert found is not None
    assert found.degree == 6
    assert found.detail == (
        "the model 'gpt' was asked the same 6 more times after failures, 4 of them by the SDK itself and 2 "
        "by the agent, within 370 ms; the median pause was 50 ms."
    )


@pytest.mark.parametrize(
    "calls",
    [
        row(6, 50),
        row(12, 1500),
        row(30, 50, status=200, fired=()),
        row(30, 50, sent=""),
        [replace(call, sent=str(number)) for number, call in enumerate(row(30, 50))],
        row(30, -10),
        [],
    ],
    ids=["five repeats", "patient", "polling", "no digest", "different requests", "all at once", "no calls"],
)
def test_no_storm(make_case: MakeCase, calls: list[Call]) -> None:
    """Few repeats, patient ones, polling, different requests and parallel ones are none."""
    assert retry_storm(make_case(*calls)) is None


def test_endless_repeats_are_a_storm_at_any_pace(make_case: MakeCase) -> None:
    """More than twenty, however patient; and repeats after damaged data count as after failures."""
    assert retry_storm(make_case(*row(22, 5000))) is not None
    assert retry_storm(make_case(*row(21, 5000))) is None
    assert retry_storm(make_case(*row(9, 10, status=200, fired=("malformed_json",)))) is not None


def test_wait_that_was_asked_for_is_ignored(make_case: MakeCase) -> None:
    """The repeat after 100 ms instead of two seconds, and whose it was."""
    calls = row(2, 100, status=429, asked_wait_ms=2000.0)
    found = retry_after_ignored(make_case(*calls))
    assert found is not None
    assert "asked for 2.0 s of patience (status 429); the agent made the same request again" in found.detail
    assert "after 100 ms" in found.detail
    by_sdk = retry_after_ignored(make_case(calls[0], replace(calls[1], retry=1)))
    assert by_sdk is not None
    assert "the agent's SDK made" in by_sdk.detail


@pytest.mark.parametrize(
    "calls",
    [
        row(2, 1950, asked_wait_ms=2000.0),
        row(2, 100),
        row(2, 100, asked_wait_ms=0.0),
        row(1, 0, asked_wait_ms=2000.0),
        row(2, -10, asked_wait_ms=2000.0),
    ],
    ids=["nearly as long", "nothing asked", "no wait asked", "gave up", "parallel"],
)
def test_wait_that_is_kept(make_case: MakeCase, calls: list[Call]) -> None:
    """Waiting (within clocks' precision), giving up, and calls that were already under way are fine."""
    assert retry_after_ignored(make_case(*calls)) is None


def test_no_timeout(make_case: MakeCase) -> None:
    """The agent sat through a silent call until the trial's deadline, or through a whole minute."""
    hung = Call("llm", "gpt", 100.0, 29_900.0, None, ("timeout",), ended="open")
    found = no_timeout(make_case(hung, error="timeout", status="errored", latency_ms=30_000.0))
    assert found is not None
    assert "said nothing for 29.9 s, and the agent waited for it until the trial's deadline" in found.detail
    minute = replace(hung, duration_ms=61_000.0, ended="hung")
    found = no_timeout(make_case(minute, latency_ms=62_000.0))
    assert found is not None
    assert "until it was cut" in found.detail


@pytest.mark.parametrize(
    ("changes", "trial"),
    [
        ({"ended": "left", "duration_ms": 10_000.0}, {"error": "timeout"}),
        ({"ended": "hung", "duration_ms": 10_000.0}, {}),
        ({"fired": ()}, {"error": "timeout"}),
        ({"started_ms": 29_000.0, "duration_ms": 1_000.0}, {"error": "timeout"}),
        ({"ended": "", "status": 200}, {"error": "timeout"}),
        ({}, {"error": "exception"}),
    ],
    ids=["own timeout", "short hang", "no fault", "last of many", "answered", "failed otherwise"],
)
def test_timeout_is_there(make_case: MakeCase, changes: dict[str, object], trial: dict[str, object]) -> None:
    """An own timeout, a short hang, a slow agent without a hung call: no finding."""
    hung = Call("llm", "gpt", 100.0, 29_900.0, None, ("timeout",), ended="open")
    call = replace(hung, **changes)  # type: ignore[arg-type] # any field
    assert no_timeout(make_case(call, latency_ms=30_000.0, status="errored", **trial)) is None


def test_hammering_after_a_refused_key(make_case: MakeCase) -> None:
    """Two repeats after 401 are one too many; one may be a renewed token, and 500 is no refusal."""
    found = hammering(make_case(*row(3, 50, status=401)))
    assert found is not None
    assert found.detail == "the model 'gpt' answered 401, and the same request was made 2 more times."
    assert hammering(make_case(*row(2, 50, status=403))) is None
    assert hammering(make_case(*row(9, 50, status=500))) is None
    assert hammering(make_case()) is None
