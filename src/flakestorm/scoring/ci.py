"""The judgement of a run of all pillars: the weakest of what was asked for decides."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from flakestorm.model.ci import CiResult, CiTerms, Pillar
from flakestorm.model.contract import ContractResult
from flakestorm.model.replay import session_of
from flakestorm.model.run import Assessment, Cause, Score, Scores
from flakestorm.model.verdict import Severity
from flakestorm.scoring.assessment import (
    FELL_SHORT,
    GOOD,
    INCONCLUSIVE,
    INTERRUPTED,
    NO_WORK,
    NOTHING_PROVED,
    UNDEMANDED,
)
from flakestorm.scoring.overall import PILLARS

GRAVEST_FIRST = (INTERRUPTED, FELL_SHORT, NO_WORK, INCONCLUSIVE, GOOD)
"""A shortfall that was found stays found, whatever else could not be judged."""


def pillars_of(terms: CiTerms, scores: Scores, weights: Mapping[str, float]) -> tuple[Pillar, ...]:
    """All four, with the weights that they have in the overall score."""
    measured = {name: getattr(scores, attribute) for attribute, name in PILLARS.items()}
    given = {name: weights.get(name, 0.0) for name, score in measured.items() if score is not None}
    total = sum(given.values())
    if given and not total:
        # The same as ``with_overall`` does.
        given, total = dict.fromkeys(given, 1.0), float(len(given))
    return tuple(
        _pillar(name, name in terms.pillars, given.get(name, 0.0) / (total or 1.0), terms, score)
        for name, score in measured.items()
    )


def _pillar(name: str, wanted: bool, weight: float, terms: CiTerms, score: Score | None) -> Pillar:
    minimum = terms.minima.get(name)
    if score is None:
        return Pillar(name, wanted, weight, minimum)
    return Pillar(name, wanted, weight, minimum, score.value, score.low, score.high, score.judged)


def assess_ci(
    base: Assessment,
    ci: CiResult,
    scores: Scores,
    causes: Sequence[Cause],
    contract: ContractResult | None,
    partial: str = "",
) -> Assessment:
    """``base``, which judges the run as any other, with what is asked of its pillars."""
    terms, pillars = ci.terms, ci.pillars
    shortfalls = [*_below(pillars), *_grave(causes, terms.fail_on, contract)]
    unproved = [
        f"The pillar {pillar.name} was to be measured, and nothing of it could be judged."
        for pillar in pillars
        if pillar.status == "inconclusive"
    ]
    codes = (base.exit_code, FELL_SHORT if shortfalls else GOOD, INCONCLUSIVE if unproved else GOOD)
    code = min(codes, key=GRAVEST_FIRST.index)
    dropped = {NOTHING_PROVED if unproved else "", UNDEMANDED if terms.minima else ""}
    # Shortfalls first, and none of them twice: base tells of critical ones as well.
    reasons = (*shortfalls, *(reason for reason in base.reasons if reason not in dropped), *unproved)
    return Assessment(code, _headline(pillars, scores, partial), tuple(dict.fromkeys(reasons)))


def _below(pillars: Sequence[Pillar]) -> Iterator[str]:
    for pillar in pillars:
        if pillar.status == "failed" and pillar.value is not None and pillar.high is not None:
            minimum = pillar.minimum or 0.0
            doubt = " (but the interval reaches it)" if pillar.high >= minimum else ""
            score = f"{pillar.value:.3f}, below the {minimum:.3f} asked for{doubt}"
            yield f"The pillar {pillar.name} scores {score}."


def _grave(causes: Sequence[Cause], fail_on: Severity, contract: ContractResult | None) -> Iterator[str]:
    """A sentence for each severity that fails the run; what cells and sessions tell already is left out."""
    promised = contract.severities if contract is not None else {}
    for severity in Severity:
        if severity.rank > fail_on.rank:
            continue
        told = [cause for cause in causes if cause.severity is severity and session_of(cause.type) is None]
        if severity is Severity.CRITICAL:
            told = [cause for cause in told if cause.rule not in promised]
        if told:
            count = sum(cause.count for cause in told)
            noun = "trial" if count == 1 else "trials"
            yield f"A {severity} invariant is broken in {count:,} {noun}: {told[0].title}."


def _headline(pillars: Sequence[Pillar], scores: Scores, partial: str) -> str:
    parts = ", ".join(f"{pillar.name} {pillar.value:.0%}" for pillar in pillars if pillar.value is not None)
    overall = scores.overall
    if overall is None:
        told = "Nothing could be judged"
    else:
        told = (
            f"Scores {overall.value:.0%} overall (95 % interval {overall.low:.0%}–{overall.high:.0%}, "
            f"{overall.judged} judged): {parts}"
        )
    return f"Partial, {partial}: {told[0].lower()}{told[1:]}." if partial else f"{told}."
