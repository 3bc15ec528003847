"""The judgement of a whole run against what the user asked: one sentence and an exit code."""

from __future__ import annotations

from dataclasses import dataclass

from flakestorm.model.contract import ContractResult
from flakestorm.model.fault_map import FaultMap, PointState
from flakestorm.model.reliability import Surface
from flakestorm.model.replay import ReplayResult, session_of
from flakestorm.model.run import Assessment, Cause, ScenarioRow, Score, Scores, Totals
from flakestorm.model.verdict import Severity
from flakestorm.scoring.contract import broken_promises, sentence, unproved_promises
from flakestorm.scoring.replay import failed_sessions, replay_sentence, unproved_sessions
from flakestorm.scoring.surface_sentence import surface_gaps, surface_sentence

NOTHING_PROVED = "No disturbed trial could be judged, so nothing is proved."
SKIPPED = (
    "{:,} trials were skipped: no invariant applies to what they send, or it cannot be sent to this kind of "
    "agent; the report says which. An invariant for whatever is sent is `- type: completes`."
)
UNSEEN = "no call that its faults are for passed through flakestorm"
UNDEMANDED = "No score was demanded (advanced.min_score), so it is not measured against one."
SHOWN_IDLE = 5
EXPLORED = (
    "An exploration measures no score: it tries every fault, likely or not. The map says what to mend first."
)
GOOD, FELL_SHORT, NO_WORK, INCONCLUSIVE, INTERRUPTED = 0, 1, 3, 4, 130


@dataclass(frozen=True, slots=True)
class Demands:
    """What the user asks of a run: the least score (0–1), and the largest share of trials without verdict."""

    min_score: float | None = None
    error_budget: float = 0.05


def assess(
    scores: Scores,
    totals: Totals,
    causes: tuple[Cause, ...],
    demands: Demands,
    interrupted: bool = False,
    control: Totals | None = None,
    search: bool = False,
    scenarios: tuple[ScenarioRow, ...] = (),
    partial: str = "",
    contract: ContractResult | None = None,
    fault_map: FaultMap | None = None,
    replay: ReplayResult | None = None,
    surface: Surface | None = None,
) -> Assessment:
    """Exit codes: 0 good, 1 fell short, 3 could not work, 4 nothing proved, 130 interrupted.

    Without a demanded score only a broken critical invariant is a shortfall. A ``search`` measures no score.
    A scenario none of whose faults fired proves nothing, whatever the others show. ``partial`` says how much
    of the plan was run ("40 of 357 trials") unless all of it was: what is left could still fail, so that such
    a run is never good. A ``contract`` is broken by its critical cells, whatever the score, and of a
    ``replay`` each session that goes wrong is a shortfall: it was recorded so that it does not happen again.
    A ``surface`` takes the place of the score; it counts an agent that gives no reply as not reliable.
    """
    if surface is not None:
        headline = surface_sentence(surface, control)
    elif fault_map is not None or search:
        headline = _found(causes, totals, control) if fault_map is None else _explored(fault_map, control)
    else:
        headline = _headline(scores, totals, control, contract, replay)
    if partial:
        headline = f"Partial, {partial}: {headline[0].lower()}{headline[1:]}"
    reasons: list[str] = []
    shortfalls = _shortfalls(scores, causes, demands, contract, replay)
    code = FELL_SHORT if shortfalls else GOOD
    reasons += shortfalls
    if demands.min_score is None and scores.overall is not None:
        reasons.append(UNDEMANDED)
    if search:
        code, why = _of_search(code, totals, control, demands)
        reasons += why if fault_map is None or code == INCONCLUSIVE else [EXPLORED]
    elif scores.overall is None and surface is None:
        code = INCONCLUSIVE
        if replay is None:
            reasons.append(NOTHING_PROVED)
        if totals.skipped:
            reasons.append(SKIPPED.format(totals.skipped))
    unproved = _unproved(scenarios, contract, replay) if surface is None else surface_gaps(surface)
    if unproved:
        code = code or INCONCLUSIVE
        reasons += unproved
    # A search looks for errors as well, so their share says nothing about how the work went.
    over_budget = "" if search else _over_budget(totals, scenarios, demands, replay, surface)
    if over_budget:
        # A shortfall that was found stays found, however many other trials had no verdict.
        code = code if code == FELL_SHORT else NO_WORK
        reasons.append(over_budget)
    if partial or interrupted:
        # A shortfall that was found stays found, and a run that was broken off says so by its code.
        code = INTERRUPTED if interrupted else code or INCONCLUSIVE
        reasons.append(
            "The run is partial: what finished is kept, and `flakestorm run --resume` does the rest."
        )
    return Assessment(code, headline, tuple(reasons))


def _unproved(
    scenarios: tuple[ScenarioRow, ...], contract: ContractResult | None, replay: ReplayResult | None
) -> list[str]:
    """A sentence for each promise, session and scenario about which nothing is proved."""
    reasons = [] if contract is None else unproved_promises(contract)
    reasons += [] if replay is None else unproved_sessions(replay)
    idle = [row for row in scenarios if row.totals.trials and row.unfired == row.totals.trials]
    reasons += map(_nothing_fired, idle[:SHOWN_IDLE])
    if len(idle) > SHOWN_IDLE:
        reasons.append(f"The same holds for {len(idle) - SHOWN_IDLE} more scenarios.")
    return reasons


def _nothing_fired(row: ScenarioRow) -> str:
    why = "; ".join(f"{fault.name}: {fault.why}" for fault in row.faults if fault.why) or UNSEEN
    return (
        f"No fault of '{row.name}' fired in any of its {row.totals.trials:,} trials, so nothing is proved "
        f"about it ({why})."
    )


def _over_budget(
    totals: Totals,
    scenarios: tuple[ScenarioRow, ...],
    demands: Demands,
    replay: ReplayResult | None,
    surface: Surface | None,
) -> str:
    """Why too many trials have no verdict, or an empty string.

    That no fault came up in a trial is chance or the scenario's own matter, and no failure to work. The same
    holds for a session whose recorded answers nobody asked for.
    """
    idle = sum(row.unfired for row in scenarios)
    idle += sum(session.inconclusive for session in replay.sessions) if replay is not None else 0
    # The surface has a verdict on an agent that gives no reply.
    idle += sum(cell.errors for cell in surface.cells) if surface is not None else 0
    unjudged = totals.errored + totals.inconclusive - idle
    countable = totals.trials - totals.skipped
    if not countable or unjudged / countable <= demands.error_budget:
        return ""
    return (
        f"{unjudged} of {countable} trials have no verdict ({unjudged / countable:.1%}); the error "
        f"budget allows {demands.error_budget:.1%} (advanced.error_budget). To count an agent's own "
        "errors as failures, add the invariant `- type: completes`."
    )


def _of_search(code: int, totals: Totals, control: Totals | None, demands: Demands) -> tuple[int, list[str]]:
    """What a search can say of itself: it went where failures are, so its share of them estimates nothing."""
    undisturbed = control.passed + control.failed if control else 0
    if totals.passed + totals.failed <= undisturbed:
        return INCONCLUSIVE, [NOTHING_PROVED]
    if demands.min_score is None:
        return code, ["A search measures no score: its calls went where failures were, not evenly."]
    # A shortfall that was found stays found; that the score suffices is not shown by a search.
    reason = (
        f"A search measures no score, so the {demands.min_score:.3f} asked for can be neither reached nor "
        "missed. Measure it with: flakestorm run --strategy uniform"
    )
    return code or INCONCLUSIVE, [reason]


def _shortfalls(
    scores: Scores,
    causes: tuple[Cause, ...],
    demands: Demands,
    contract: ContractResult | None,
    replay: ReplayResult | None,
) -> list[str]:
    reasons = []
    score = scores.overall
    if demands.min_score is not None and score is not None and score.value < demands.min_score:
        doubt = " (but the interval reaches it)" if score.high >= demands.min_score else ""
        reasons.append(f"The score {score.value:.3f} is below the {demands.min_score:.3f} asked for{doubt}.")
    if replay is not None:
        reasons += failed_sessions(replay)
        # Each of them is told of already.
        causes = tuple(cause for cause in causes if session_of(cause.type) is None)
    if contract is not None:
        # Its cells tell the same with the scenarios in which it is so.
        return [*reasons, *broken_promises(contract)]
    critical = [cause for cause in causes if cause.severity is Severity.CRITICAL]
    if critical:
        trials = sum(cause.count for cause in critical)
        noun = "trial" if trials == 1 else "trials"
        reasons.append(f"A critical invariant is broken in {trials:,} {noun}: {critical[0].title}.")
    return reasons


def _found(causes: tuple[Cause, ...], totals: Totals, control: Totals | None) -> str:
    undisturbed = ""
    if control is not None and control.trials:
        undisturbed = f" Undisturbed it passed {control.passed} of {control.trials}."
    noun = "failure" if len(causes) == 1 else "failures"
    return (
        f"Found {len(causes)} distinct {noun} in {totals.trials:,} calls ({totals.failed} trials failed, "
        f"{totals.errored} errored, {totals.inconclusive} inconclusive).{undisturbed}"
    )


def _explored(fault_map: FaultMap, control: Totals | None) -> str:
    failed, degraded, survived = (
        fault_map.count(state) for state in (PointState.FAILED, PointState.DEGRADED, PointState.SURVIVED)
    )
    pairs = f", and of {fault_map.pairs:,} pairs {fault_map.pairs_failed:,}" if fault_map.pairs else ""
    undisturbed = ""
    if control is not None and control.trials:
        undisturbed = f" Undisturbed it passed {control.passed} of {control.trials}."
    return (
        f"Of {failed + degraded + survived:,} faults at its calls {failed:,} make it fail{pairs} "
        f"({degraded:,} more degrade it, {survived:,} it survives).{undisturbed}"
    )


def _headline(
    scores: Scores,
    totals: Totals,
    control: Totals | None,
    contract: ContractResult | None,
    replay: ReplayResult | None,
) -> str:
    others = contract is not None or scores.robustness or scores.chaos_resilience
    replayed = "" if replay is None else replay_sentence(replay, scores.replay)
    if replayed and not others:
        return replayed
    told = _measured(scores, totals, control, contract)
    return f"{told} {replayed}" if replayed else told


def _measured(scores: Scores, totals: Totals, control: Totals | None, contract: ContractResult | None) -> str:
    if contract is not None:
        return sentence(contract, scores.contract)
    undisturbed = ""
    if control is not None and control.trials:
        undisturbed = f" Undisturbed it passed {control.passed} of {control.trials}."
    rest = f"{totals.errored} errored, {totals.inconclusive} inconclusive"
    arms = (("disturbed requests", scores.robustness), ("trials under faults", scores.chaos_resilience))
    measured = [(what, score) for what, score in arms if score is not None]
    if not measured:
        return f"Nothing could be judged ({totals.trials} trials; {rest}).{undisturbed}"
    (what, first), *more = measured
    also = "".join(f" Of {other} it is {score.value:.0%} ({_doubt(score)})." for other, score in more)
    return f"Keeps its rules in {first.value:.0%} of {what} ({_doubt(first)}; {rest}).{also}{undisturbed}"


def _doubt(score: Score) -> str:
    return f"95 % interval {score.low:.0%}–{score.high:.0%}, {score.judged} judged"
