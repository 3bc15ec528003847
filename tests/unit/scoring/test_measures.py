"""What a run says beside its scores: which trial counts where."""

from __future__ import annotations

import pytest

from flakestorm.model.mutation import Kind, Mutation
from flakestorm.model.outcome import Call, ErrorKind, Outcome, OutcomeError
from flakestorm.model.prompt import GoldenPrompt
from flakestorm.model.record import TrialRecord, TrialStatus
from flakestorm.model.reliability import Grid, GridPoint, point_of
from flakestorm.model.trial import NO_CHAOS, Trial
from flakestorm.model.verdict import Severity, Verdict, VerdictStatus
from flakestorm.scoring.measures import MeasureTally
from flakestorm.scoring.reliability_surface import SurfaceTally, breaking_rate, volume
from flakestorm.scoring.status import conclude
from flakestorm.scoring.surface_sentence import surface_gaps, surface_sentence

PROMPT = GoldenPrompt(("What is the weather?",))
PASSED, FAILED = TrialStatus.PASSED, TrialStatus.FAILED


def record(
    status: TrialStatus = PASSED,
    kind: Kind | None = None,
    fault: str = "",
    repeat: int = 0,
    scenario: str = "",
    canary: VerdictStatus | None = None,
    reply: str | None = "fine",
) -> TrialRecord:
    """A finished trial, disturbed as is said."""
    mutation = None if kind is None else Mutation("noise", "noise.x", (f"{kind} {repeat}",), kind, 1, 0.3, ())
    trial = Trial.of(PROMPT, mutation, scenario or ("storm" if fault else NO_CHAOS), repeat)
    calls = (Call("tool", "search", 0.0, 1.0, 503, (fault,)),) if fault else ()
    error = OutcomeError(ErrorKind.EXCEPTION, "it broke") if reply is None else None
    verdicts = () if canary is None else (Verdict("canary", "canary", Severity.CRITICAL, canary),)
    return TrialRecord(trial, Outcome(1.0, reply, error, calls=calls), verdicts, status)


def test_nothing_is_known_of_no_trials() -> None:
    """Every measure is empty or None."""
    assert not MeasureTally().measures().any


def test_ratios_keep_what_disturbs_apart() -> None:
    """Prompts, a changed environment and faults each have their own pass rate; control is the measure."""
    tally = MeasureTally()
    for repeat in range(4):
        tally.add(record(repeat=repeat))
    tally.add(record(FAILED, Kind.PRESERVES_MEANING))
    tally.add(record(PASSED, Kind.USER, repeat=1))
    tally.add(record(FAILED, Kind.HOSTILE, repeat=2))
    tally.add(record(PASSED, fault="tool:slow"))
    tally.add(record(FAILED, fault="error 503", repeat=1))
    tally.add(record(FAILED, Kind.PRESERVES_MEANING, fault="error 503", repeat=3))
    found = tally.measures()
    assert found.prompts is not None
    assert found.environment is not None
    assert found.faults is not None
    assert (found.prompts.value, found.environment.value, found.faults.value) == (0.5, 1.0, 0.0)
    assert [one.k for one in found.undisturbed] == [1, 2, 4]
    assert [round(one.score.value, 3) for one in found.disturbed] == [0.333, 0.0]


def test_a_scenario_that_did_nothing_counts_nowhere() -> None:
    """No fault fired, so nothing was disturbed; and an errored trial is not judged."""
    tally = MeasureTally()
    tally.add(record(scenario="storm"))
    tally.add(record(TrialStatus.ERRORED))
    assert not tally.measures().any


def test_attacks_count_where_a_canary_decides() -> None:
    """Hostile mutations and planted instructions; a harmless trial with a canary rule is no attack."""
    tally = MeasureTally()
    tally.add(record(FAILED, Kind.HOSTILE, canary=VerdictStatus.FAILED))
    tally.add(record(PASSED, Kind.HOSTILE, repeat=1, canary=VerdictStatus.PASSED))
    tally.add(record(PASSED, fault="indirect_injection", repeat=2, canary=VerdictStatus.PASSED))
    tally.add(record(PASSED, Kind.HOSTILE, repeat=3))
    tally.add(record(PASSED, Kind.PRESERVES_MEANING, canary=VerdictStatus.PASSED))
    success = tally.measures().attack_success
    assert success is not None
    assert (success.value, success.judged) == (pytest.approx(1 / 3), 3)


def test_over_refusal_counts_harmless_requests() -> None:
    """Refusals of what keeps its meaning; not of hostile texts, not under faults, not without a reply."""
    tally = MeasureTally(lambda reply: reply == "no")
    tally.add(record(PASSED, Kind.PRESERVES_MEANING, reply="no"))
    tally.add(record(PASSED, Kind.PRESERVES_MEANING, repeat=1))
    tally.add(record(PASSED, Kind.HOSTILE, reply="no", repeat=2))
    tally.add(record(PASSED, Kind.PRESERVES_MEANING, fault="error", reply="no", repeat=3))
    tally.add(record(TrialStatus.ERRORED, Kind.PRESERVES_MEANING, reply=None, repeat=4))
    refusal = tally.measures().over_refusal
    assert refusal is not None
    assert (refusal.value, refusal.judged) == (0.5, 2)
    silent = MeasureTally()
    silent.add(record(PASSED, Kind.PRESERVES_MEANING, reply="no"))
    assert silent.measures().over_refusal is None


@pytest.mark.parametrize(
    ("point", "name"),
    [
        (GridPoint(0.0, 0.0), NO_CHAOS),
        (GridPoint(0.4, 0.0), "ε=0.4"),
        (GridPoint(0.0, 0.1), "λ=0.1"),
        (GridPoint(1.0, 0.125), "ε=1 λ=0.125"),
        (GridPoint(0.001, 0.001), "ε=0.001 λ=0.001"),
    ],
)
def test_a_point_is_its_name(point: GridPoint, name: str) -> None:
    """The name is all that is stored; the undisturbed point is the control arm."""
    assert point.name == name
    assert point_of(name) == (point if name != NO_CHAOS else None)


@pytest.mark.parametrize("name", ["λ=2", "ε=0.4λ", "api_outage", "λ=0.1 ε=0.4"])
def test_other_names_are_no_points(name: str) -> None:
    """A user's scenario is not taken for a point."""
    assert point_of(name) is None


def test_a_point_where_no_fault_came_up_is_judged() -> None:
    """That is part of the rate; of another scenario it proves nothing."""
    verdicts = (Verdict("r", "contains", Severity.LOW, VerdictStatus.PASSED),)
    outcome = Outcome(1.0, "fine")
    assert conclude(Trial.of(PROMPT, scenario="λ=0.1"), outcome, verdicts)[0] is PASSED
    assert conclude(Trial.of(PROMPT, scenario="storm"), outcome, verdicts)[0] is TrialStatus.INCONCLUSIVE


GRID = Grid((1, 2), (0.0, 0.4), (0.0, 0.2), 2, 0.9)


def test_the_surface_counts_silence_as_failure() -> None:
    """R at each point; an agent that gives no reply does not pass; further control trials are left out."""
    tally = SurfaceTally(GRID)
    for repeat in range(3):
        tally.add(record(FAILED if repeat == 2 else PASSED, repeat=repeat))
    for repeat, status in enumerate((PASSED, TrialStatus.ERRORED)):
        reply = None if status is TrialStatus.ERRORED else "fine"
        tally.add(record(status, fault="error", scenario="λ=0.2", repeat=repeat, reply=reply))
    tally.add(record(PASSED, Kind.PRESERVES_MEANING, scenario="ε=0.4"))
    tally.add(record(PASSED, scenario="storm"))
    surface = tally.surface()
    assert surface.cell(0.0, 0.0).value(2) == 1.0
    disturbed = surface.cell(0.0, 0.2)
    assert (disturbed.value(1), disturbed.value(2), disturbed.errors, disturbed.fired) == (0.5, 0.0, 1, 2)
    assert surface.cell(0.4, 0.0).value(2) is None
    assert surface.summaries[0].volume is None
    assert dict(surface.summaries[0].breaks_at) == {0.0: 0.2, 0.4: None}
    gaps = surface_gaps(surface)
    assert any("ε=0.4, λ=0 " in gap and "k=2" in gap for gap in gaps)
    assert "Not all points" in surface_sentence(surface)


def test_the_sentence_says_volume_and_where_it_breaks() -> None:
    """A whole surface: its mean height, and the smallest rate below the threshold."""
    tally = SurfaceTally(GRID)
    for repeat in range(2):
        tally.add(record(repeat=repeat))
        tally.add(record(PASSED, Kind.PRESERVES_MEANING, scenario="ε=0.4", repeat=repeat))
        tally.add(record(FAILED, fault="error", scenario="λ=0.2", repeat=repeat))
        tally.add(record(FAILED, Kind.PRESERVES_MEANING, "error", repeat, "ε=0.4 λ=0.2"))
    surface = tally.surface()
    assert not surface_gaps(surface)
    said = surface_sentence(surface)
    assert "50% for one pass, 50% for 2 passes in a row" in said
    assert "from λ=0.2 on (at ε=0)" in said


def test_volume_is_the_mean_height() -> None:
    """Trapezes over the grid; a single row or column has no width."""
    assert volume((0, 1), (0, 1), [[1, 1], [0, 0]]) == pytest.approx(0.5)
    assert volume((0, 0.1, 0.4), (0,), [[1.0, 0.8, 0.2]]) == pytest.approx((0.09 + 0.15) / 0.4)
    assert volume((0,), (0,), [[0.7]]) == 0.7
    assert volume((0, 1), (0,), [[1.0, None]]) is None
    assert breaking_rate([(0.0, 1.0), (0.1, 0.8), (0.3, 0.1)], 0.9) == 0.1
    assert breaking_rate([(0.0, None), (0.1, 1.0)], 0.9) is None
