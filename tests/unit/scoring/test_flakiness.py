"""What the control arm says."""

from __future__ import annotations

from collections.abc import Callable

from flakestorm.model.record import TrialRecord
from flakestorm.scoring.flakiness import always_failing, baseline_of
from flakestorm.scoring.tally import Tally

MakeRecord = Callable[..., TrialRecord]


def test_always_failing_needs_every_judged_repeat_to_fail(make_record: MakeRecord) -> None:
    """One pass makes a rule flaky instead of broken; errors do not count."""
    broken = [make_record(prompt="b", type_=None, repeat=r, status="failed") for r in range(3)]
    flaky = [
        make_record(prompt="f", type_=None, repeat=r, status=s) for r, s in enumerate(["failed", "passed"])
    ]
    dead = [make_record(prompt="d", type_=None, status="errored")]
    found = always_failing([*broken, *flaky, *dead])
    assert found == {broken[0].trial.prompt.id: frozenset({"contains"})}


def test_baseline_is_the_first_good_reply_by_repeat_not_by_arrival(make_record: MakeRecord) -> None:
    """Concurrency changes the order of arrival and must not change what replies are compared with."""
    records = [
        make_record(type_=None, repeat=0, status="failed", reply="bad"),
        make_record(type_=None, repeat=1, status="passed", reply="first good"),
        make_record(type_=None, repeat=2, status="passed", reply="second good"),
    ]
    prompt = records[0].trial.prompt.id
    assert baseline_of(records) == baseline_of(records[::-1]) == {prompt: "first good"}
    assert baseline_of(records[:1]) == {prompt: "bad"}


def test_findings_name_broken_and_errored_prompts(make_record: MakeRecord) -> None:
    """A prompt that never works undisturbed is a finding of high severity."""
    tally = Tally(lambda _: 1.0)
    control = [make_record(type_=None, repeat=r, status="failed") for r in range(3)]
    control.append(make_record(prompt="silent", type_=None, status="errored"))
    for record in control:
        tally.add(record)
    tally.set_broken(always_failing(control))
    assert {finding.kind for finding in tally.findings()} == {"control_fails", "control_errors"}
