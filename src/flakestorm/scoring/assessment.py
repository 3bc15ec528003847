"""The judgement of a whole run against what the user asked: one sentence and an exit code."""

from __future__ import annotations

from dataclasses import dataclass

from flakestorm.model.run import Assessment, Cause, Score, Scores, Totals
from flakestorm.model.verdict import Severity

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
) -> Assessment:
    """Exit codes: 0 good, 1 fell short, 3 could not work, 4 nothing proved, 130 interrupted.

    Without a demanded score only a broken critical invariant is a shortfall.
    """
    headline = _headline(scores.robustness, totals, control)
    reasons: list[str] = []
    shortfalls = _shortfalls(scores, causes, demands)
    code = FELL_SHORT if shortfalls else GOOD
    reasons += shortfalls
    if demands.min_score is None and scores.robustness is not None:
        reasons.append("No score was demanded (advanced.min_score), so it is not measured against one.")
    if scores.robustness is None:
        code = INCONCLUSIVE
        reasons.append("No disturbed trial could be judged, so nothing is proved.")
    unjudged = totals.errored + totals.inconclusive
    countable = totals.trials - totals.skipped
    if countable and unjudged / countable > demands.error_budget:
        # A shortfall that was found stays found, however many other trials had no verdict.
        code = code if code == FELL_SHORT else NO_WORK
        reasons.append(
            f"{unjudged} of {countable} trials have no verdict ({unjudged / countable:.1%}); the error "
            f"budget allows {demands.error_budget:.1%} (advanced.error_budget). To count an agent's own "
            "errors as failures, add the invariant `- type: completes`."
        )
    if interrupted:
        code = INTERRUPTED
        reasons.append(
            "The run is partial: what finished is kept, and `flakestorm run --resume` does the rest."
        )
    return Assessment(code, headline, tuple(reasons))


def _shortfalls(scores: Scores, causes: tuple[Cause, ...], demands: Demands) -> list[str]:
    reasons = []
    score = scores.robustness
    if demands.min_score is not None and score is not None and score.value < demands.min_score:
        doubt = " (but the interval reaches it)" if score.high >= demands.min_score else ""
        reasons.append(f"The score {score.value:.3f} is below the {demands.min_score:.3f} asked for{doubt}.")
    critical = [cause for cause in causes if cause.severity is Severity.CRITICAL]
    if critical:
        trials = sum(cause.count for cause in critical)
        reasons.append(f"A critical invariant is broken in {trials} trials: {critical[0].title}.")
    return reasons


def _headline(score: Score | None, totals: Totals, control: Totals | None) -> str:
    undisturbed = ""
    if control is not None and control.trials:
        undisturbed = f" Undisturbed it passed {control.passed} of {control.trials}."
    rest = f"{totals.errored} errored, {totals.inconclusive} inconclusive"
    if score is None:
        return f"Nothing could be judged ({totals.trials} trials; {rest}).{undisturbed}"
    return (
        f"Keeps its rules in {score.value:.0%} of disturbed requests (95 % interval "
        f"{score.low:.0%}–{score.high:.0%}, {score.judged} judged; {rest}).{undisturbed}"
    )
