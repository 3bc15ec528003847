"""Double side effects, crashes, recovery and amplification: what faults make an agent do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from flakestorm.model.outcome import Call
from flakestorm.model.run import Amplification, Recovery
from flakestorm.scoring.behaviour.amplification import AmplificationTally
from flakestorm.scoring.behaviour.case import Case
from flakestorm.scoring.behaviour.crash import crash
from flakestorm.scoring.behaviour.recovery import RecoveryTally, never_recovers
from flakestorm.scoring.behaviour.side_effects import double_side_effect

MakeCase = Callable[..., Case]
PAID = Call(
    "tool", "refund", 10.0, 30.0, None, ("failed_after_commit",), ended="reset", method="POST", sent="r"
)
AGAIN = replace(PAID, started_ms=60.0, status=200, fired=(), ended="")
NAMED = Call("llm", "gpt", 0.0, 5.0, 200, ("duplicate_tool_call",), sent="l")
FAILED = Call("llm", "gpt", 100.0, 100.0, 503, ("server_error",), sent="q")
GOOD = replace(
    FAILED, started_ms=400.0, status=200, fired=(), held=("server_error: it fired 1 times already",)
)


def test_paid_twice(make_case: MakeCase) -> None:
    """A success that looked like a failure was repeated."""
    found = double_side_effect(make_case(PAID, AGAIN))
    assert found is not None
    assert found.detail == (
        "POST 'refund' was carried out 2 times with the same content: the first one succeeded and looked "
        "like a failure."
    )
    thrice = double_side_effect(
        make_case(PAID, replace(PAID, started_ms=60.0), replace(AGAIN, started_ms=100.0))
    )
    assert thrice is not None
    assert thrice.degree == 2


@pytest.mark.parametrize(
    ("name", "acts"),
    [
        *((name, True) for name in ("refund", "send_email", "bookFlight", "CreateTicket", "pay")),
        *((name, False) for name in ("payment", "refund_status", "order_status", "bookSearch", "policy")),
    ],
)
def test_functions_act_by_their_names(make_case: MakeCase, name: str, acts: bool) -> None:
    """Of a Python function nothing but its name tells whether it does something."""
    calls = (replace(call, method="CALL", name=name) for call in (PAID, AGAIN))
    assert (double_side_effect(make_case(*calls)) is not None) is acts


def test_tool_call_named_twice_is_made_twice(make_case: MakeCase) -> None:
    """The model named one call twice, and the agent made both, at once."""
    found = double_side_effect(make_case(NAMED, AGAIN, replace(AGAIN, started_ms=61.0)))
    assert found is not None
    assert "the model had named one tool call twice" in found.detail


@pytest.mark.parametrize(
    "calls",
    [
        (PAID,),
        (PAID, replace(AGAIN, sent="other")),
        (PAID, replace(AGAIN, status=503)),
        (replace(PAID, fired=("timeout",)), AGAIN),
        (replace(PAID, method="GET"), replace(AGAIN, method="GET")),
        (replace(PAID, method="DELETE"), replace(AGAIN, method="DELETE")),
        (replace(PAID, name="search_orders"), replace(AGAIN, name="search_orders")),
        (NAMED, AGAIN),
        (replace(NAMED, fired=()), AGAIN, replace(AGAIN, started_ms=90.0)),
        (replace(NAMED, started_ms=500.0), AGAIN, replace(AGAIN, started_ms=90.0)),
        (replace(PAID, kind="llm"), replace(AGAIN, kind="llm")),
    ],
    ids=[
        *(
            "not repeated",
            "another request",
            "not carried out",
            "never arrived",
            "reads",
            "idempotent",
            "a search",
        ),
        *("made once", "no fault", "before the fault", "a model"),
    ],
)
def test_done_once(make_case: MakeCase, calls: tuple[Call, ...]) -> None:
    """Other requests, reads, idempotent methods and calls that did not arrive are no double effect."""
    assert double_side_effect(make_case(*calls)) is None


def test_usual_repetition_is_no_double_effect(make_case: MakeCase) -> None:
    """An agent that makes the same request twice undisturbed means it."""
    assert double_side_effect(make_case(PAID, AGAIN, undisturbed=(AGAIN, AGAIN))) is None


@pytest.mark.parametrize(
    ("error", "http"), [("exception", None), ("died", None), ("status", 500), ("status", 1)]
)
def test_crash(make_case: MakeCase, error: str, http: int | None) -> None:
    """An exception, the end of the process, a server error or an exit code, when a fault fired."""
    found = crash(make_case(FAILED, error=error, http=http, status="errored"))
    assert found is not None
    assert found.detail.startswith("when server_error fired: the agent:")


@pytest.mark.parametrize(
    ("call", "trial"),
    [
        (FAILED, {"error": "status", "http": 422}),
        (FAILED, {"error": "timeout"}),
        (FAILED, {}),
        (GOOD, {"error": "exception"}),
        (FAILED, {"error": "exception", "usually": "failed"}),
    ],
    ids=["refuses", "is slow", "answers", "no fault", "fails anyway"],
)
def test_no_crash(make_case: MakeCase, call: Call, trial: dict[str, object]) -> None:
    """Refusing, being slow, and failing without any fault are other things."""
    assert crash(make_case(call, **trial)) is None


def test_never_recovers(make_case: MakeCase) -> None:
    """The model answers again, and the trial fails all the same."""
    found = never_recovers(make_case(FAILED, GOOD, status="failed"))
    assert found is not None
    assert "after server_error was over, the model 'gpt' answered 1 times as it should" in found.detail


@pytest.mark.parametrize(
    ("calls", "trial"),
    [
        ((FAILED, GOOD), {"status": "passed"}),
        ((FAILED, replace(FAILED, started_ms=400.0)), {"status": "failed"}),
        ((FAILED, replace(GOOD, name="other")), {"status": "failed"}),
        ((replace(FAILED, status=200, fired=("garbage",)), GOOD), {"status": "failed"}),
        ((FAILED, GOOD), {"status": "failed", "usually": "failed"}),
        ((FAILED, GOOD), {"status": "inconclusive"}),
        ((GOOD,), {"status": "failed"}),
        ((FAILED, replace(GOOD, sent="other")), {"status": "failed"}),
        ((replace(FAILED, kind="tool", name="shop"), FAILED, GOOD), {"status": "failed"}),
    ],
    ids=[
        "recovers",
        "still failing",
        "another model",
        "wrong data",
        "fails anyway",
        "not judged",
        "no fault",
        "another question",
        "something else lasts",
    ],
)
def test_recovers_or_cannot(make_case: MakeCase, calls: tuple[Call, ...], trial: dict[str, object]) -> None:
    """A fault that goes on, or damage that was done before it ended, is no failure to recover."""
    assert never_recovers(make_case(*calls, **trial)) is None


def test_recovery_in_calls_and_seconds(make_case: MakeCase) -> None:
    """From the end of the last disturbed call to the reply; errors of the agent are never."""
    tally = RecoveryTally()
    assert tally.summary() == Recovery(0, 0)
    tally.add(make_case(FAILED, status="failed"))
    assert tally.summary() == Recovery(0, 1)
    tally.add(make_case(FAILED, GOOD, latency_ms=700.0))
    tally.add(make_case(FAILED, latency_ms=300.0))
    tally.add(make_case(FAILED, GOOD, replace(GOOD, started_ms=600.0), latency_ms=1200.0))
    tally.add(make_case(FAILED, error="exception", status="errored"))
    tally.add(make_case(FAILED, error="refused", status="errored"))
    tally.add(make_case(FAILED, status="inconclusive"))
    tally.add(make_case(replace(FAILED, status=200, fired=("stale",))))
    assert tally.summary() == Recovery(3, 2, calls=1, seconds=0.5, worst_seconds=1.0)


def test_amplification_of_calls_and_tokens(make_case: MakeCase) -> None:
    """Each kind against the median of the control arm; what it never did has no ratio."""
    usual = (replace(GOOD, tokens=100), Call("tool", "search", 0.0, 1.0, 200))
    tally = AmplificationTally()
    tally.add(make_case(FAILED, FAILED, replace(GOOD, tokens=300), undisturbed=usual))
    tally.add(make_case(FAILED, Call("http", "x", 0.0, 1.0, 200), undisturbed=usual))
    assert tally.summary() == (
        Amplification("llm", 2.0, 3.0, 2),
        Amplification("tokens", 3.0, 3.0, 1),
        Amplification("tool", 0.0, 0.0, 2),
    )
