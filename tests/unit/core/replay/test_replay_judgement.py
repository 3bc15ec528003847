"""What judges sessions, how they add up, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from flakestorm.core.config import FlakeStormConfig, load_config
from flakestorm.core.plan import Plan
from flakestorm.core.replay_plan import ReplayPlan, replay_of
from flakestorm.core.replay_recordings import has_failed, recorded_of
from flakestorm.core.replay_rules import read_contract
from flakestorm.core.replay_run import Replays, check_sessions
from flakestorm.core.replay_sessions import Session
from flakestorm.model.errors import ConfigError, UsageError
from flakestorm.model.outcome import Call, Outcome
from flakestorm.model.prompt import GoldenPrompt
from flakestorm.model.record import TrialRecord, TrialStatus
from flakestorm.model.replay import ReplayResult, SessionResult, SessionTerms, scenario_of, session_of
from flakestorm.model.trial import Trial
from flakestorm.model.verdict import Severity, Verdict, VerdictStatus
from flakestorm.replay.config import ToolResponse
from flakestorm.scoring.replay import (
    ReplayTally,
    failed_sessions,
    replay_score,
    replay_sentence,
    unproved_sessions,
)

RULES = [{"type": "completes"}, {"type": "behavior_unchanged"}, {"type": "valid_json", "probes": ["probe"]}]


def config(folder: Path, **changes: Any) -> FlakeStormConfig:
    """A configuration with these sections."""
    base = {"agent": {"endpoint": "http://localhost:1/x"}, "golden_prompts": ["x"], "invariants": RULES}
    (folder / "flakestorm.yaml").write_text(json.dumps({**base, **changes}))
    return load_config(folder / "flakestorm.yaml")


def rules(configuration: FlakeStormConfig, **session: Any) -> list[str | None]:
    """The ids of the rules of a session."""
    given = {"id": "a", "turns": ("x",), "origin": "here", "folder": configuration.directory, **session}
    found = Replays.of(configuration, (Session(**given),)).rules["a"]
    return [rule.id for rule in found.rules]


def test_rules_of_the_file(tmp_path: Path) -> None:
    """Neither rules of other prompts, nor those that compare with an undisturbed reply."""
    assert rules(config(tmp_path)) == ["completes"]
    assert rules(config(tmp_path), turns=("probe",)) == ["completes", "valid_json"]
    contract = {"name": "c", "invariants": [{"type": "completes", "id": "mine"}]}
    assert rules(config(tmp_path, invariants=[], contract=contract)) == ["mine"]
    assert rules(config(tmp_path, contract=contract), contract="c") == ["mine"]


def test_contracts_that_cannot_be(tmp_path: Path) -> None:
    """Each is one message with the session's place."""
    contract = {"name": "refunds", "invariants": [{"type": "completes"}]}
    (tmp_path / "empty.yaml").write_text("agent: {}\n")
    (tmp_path / "wrong.yaml").write_text("invariants: [{type: contain, value: x}]\n")
    (tmp_path / "unset.yaml").write_text("invariants: [{type: contains, value: '${NOT_SET_HERE}'}]\n")
    (tmp_path / "probes.yaml").write_text("invariants: [{type: completes, probes: [other]}]\n")
    for name, message in (
        ("refund", "here: contract: there is no contract 'refund', did you mean 'refunds'"),
        ("nope.yaml", "here: contract: .*nope.yaml does not exist"),
        ("empty.yaml", "without contract or invariants"),
        ("wrong.yaml", "wrong.yaml:1.*contain"),
        ("unset.yaml", "NOT_SET_HERE is not set"),
        ("probes.yaml", "nothing judges the session 'a'"),
    ):
        with pytest.raises((ConfigError, UsageError), match=message):
            rules(config(tmp_path, contract=contract), contract=name)


def test_secrets_of_a_contract(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a contract took from the environment is known, so that it can be blotted out."""
    monkeypatch.setenv("STAFF_TOKEN", "fern-crew-25")
    (tmp_path / "c.yaml").write_text("invariants: [{type: not_contains, value: '${STAFF_TOKEN}'}]\n")
    assert "fern-crew-25" in read_contract(tmp_path / "c.yaml").secrets


def test_the_plan_behind_another() -> None:
    """Control arm and rounds of the other plan come first; sessions take turns."""
    sessions = (Session("a", ("one",)), Session("b", ("two", "three"), name="named"))
    inner = Plan((GoldenPrompt(("x",)),), lambda _: iter(()), 0, control_repeats=2)
    plan = ReplayPlan(sessions, 2, inner)
    assert len(list(plan.control())) == 2
    first, last = (list(trials) for trials in plan.rounds())
    assert (first, list(plan.attacks()), plan.planned()) == ([], [], 6)
    assert [(t.scenario, t.repeat, t.prompt.name) for t in last] == [
        ("replay: a", 0, "a"),
        ("replay: b", 0, "named"),
        ("replay: a", 1, "a"),
        ("replay: b", 1, "named"),
    ]
    alone = ReplayPlan(sessions, selection=lambda trial: session_of(trial.scenario) == "b")
    assert (list(alone.control()), list(alone.attacks()), alone.planned()) == ([], [], 1)
    assert last[0].id == replay_of(sessions[0]).id != replay_of(sessions[1]).id


@pytest.mark.parametrize(
    ("response", "status", "body", "failed"),
    [
        ({"response": "text"}, 200, b"text", False),
        ({"response": '{"a": 1}'}, 200, b'{"a": 1}', False),
        ({"response": {"ä": [1]}}, 200, '{"ä":[1]}'.encode(), False),
        ({"response": None}, 200, b"null", False),
        ({"response": "", "status": 204}, 204, b"", False),
        ({"response": "x", "status": 503, "latency_ms": 9}, 503, b"x", True),
        ({"status": 0}, 0, b"", True),
    ],
)
def test_recorded_answers(response: dict[str, Any], status: int, body: bytes, failed: bool) -> None:
    """A text as it is, other values as JSON, nothing where nobody answered."""
    given = ToolResponse(tool="t", **response)
    recorded = recorded_of(given)
    assert (recorded.status, recorded.body, has_failed(given)) == (status, body, failed)
    assert recorded.latency_ms == response.get("latency_ms", 0)


def replayed(id_: str, status: str, repeat: int = 0, note: str = "") -> TrialRecord:
    """A finished replay with one verdict and one call."""
    trial = Trial.of(GoldenPrompt(("x",)), scenario=scenario_of(id_), repeat=repeat)
    judged = VerdictStatus(status) if status in ("passed", "failed") else VerdictStatus.SKIPPED
    verdict = Verdict("rule", "contains", Severity.HIGH, judged, "because")
    calls = (Call("tool", "t", 0, 1), Call("tool", "other", 0, 1), Call("llm", "gpt", 0, 1))
    return TrialRecord(trial, Outcome(1.0, "x", calls=calls), (verdict,), TrialStatus(status), note)


def test_the_sum() -> None:
    """Sessions passed ÷ sessions judged, with Wilson's interval; what proves nothing is told apart."""
    tally = ReplayTally([SessionTerms(id_, responses=(("t", 2),)) for id_ in ("a", "b", "c", "d")])
    for record in (
        replayed("a", "passed", 1),
        replayed("a", "passed", 0),
        replayed("b", "passed", 0),
        replayed("b", "failed", 1),
        replayed("c", "inconclusive", 0, "nobody called"),
    ):
        tally.add(record)
    result = tally.result()
    assert [s.status.value for s in result.sessions] == ["passed", "failed", "inconclusive", "inconclusive"]
    score = replay_score(result)
    assert score is not None
    assert (score.value, score.judged) == (0.5, 2)
    # Wilson (1927) for one of two.
    assert (round(score.low, 4), round(score.high, 4)) == (0.0945, 0.9055)
    assert replay_sentence(result, score).startswith(
        "1 of 2 recorded sessions pass (95 % interval 9%–91%, 2 without"
    )
    assert failed_sessions(result) == ["The recorded session 'b' goes wrong in 1 of 2 repeats: rule."]
    assert (
        unproved_sessions(result)[0]
        == "The recorded session 'c' proves nothing (inconclusive): nobody called."
    )
    uses = result.sessions[0].tools
    assert [(u.tool, u.recorded, u.used, u.calls, u.unused) for u in uses] == [
        ("t", 2, 1, 1, 1),
        ("other", 0, 0, 1, 0),
    ]
    assert [SessionResult.from_dict(json.loads(json.dumps(s.to_dict()))) for s in result.sessions] == list(
        result.sessions
    )


def test_nothing_judged() -> None:
    """No score, and at most five sentences."""
    result = ReplayTally([SessionTerms(str(number)) for number in range(8)]).result()
    assert replay_score(result) is None
    assert replay_sentence(result, None) == "None of 8 recorded sessions could be judged."
    assert unproved_sessions(result)[-1] == "The same holds for 3 more sessions."
    assert ReplayResult(()).of_status(TrialStatus.PASSED) == ()


def test_only_the_same_sessions_go_on(tmp_path: Path) -> None:
    """A run that was begun with other ones is not mixed with these."""
    there = config(tmp_path)
    begun = Replays.of(there, (Session("a", ("x",), origin="here"),))
    check_sessions(begun, begun.terms(), "r")
    check_sessions(None, (), "r")
    changed = Replays.of(there, (Session("a", ("y",), origin="here"),))
    with pytest.raises(UsageError, match="run r was begun with other sessions: a differ"):
        check_sessions(changed, begun.terms(), "r")
    with pytest.raises(UsageError, match="Go on with it by: flakestorm replay run --resume r"):
        check_sessions(None, begun.terms(), "r")
    with pytest.raises(UsageError, match="no recorded sessions to replay"):
        Replays.of(there, ())
