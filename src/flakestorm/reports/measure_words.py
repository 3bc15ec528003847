"""What a run says beside its scores, as names and figures that every report shows alike."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from flakestorm.model.measures import Measures, PassHat
from flakestorm.model.run import Score


def measure_rows(found: Measures) -> Iterator[tuple[str, str, str]]:
    """(name, figures, what it is) of everything that is known."""
    arms = (("undisturbed", found.undisturbed), ("disturbed", found.disturbed))
    for arm, values in arms:
        if values:
            yield f"pass^k {arm}", pass_hats(values), "how likely k trials of a golden prompt all pass"
    ratios = [
        (name, score)
        for name in ("prompts", "environment", "faults")
        if (score := getattr(found, name)) is not None
    ]
    if ratios:
        told = ", ".join(f"{name} {figure(score)}" for name, score in ratios)
        yield "robustness ratios", told, "pass rate disturbed ÷ undisturbed, 1 at most"
    if found.attack_success is not None:
        yield "attack success", figure(found.attack_success), "attacks that were obeyed; less is better"
    if found.over_refusal is not None:
        yield "over-refusal", figure(found.over_refusal), "harmless requests that were refused"


def pass_hats(values: Sequence[PassHat]) -> str:
    """``k=1 90% (80–95%), k=2 82% …``."""
    return ", ".join(f"k={one.k} {figure(one.score)}" for one in values)


def figure(score: Score) -> str:
    """``83% (78–87%)``."""
    return f"{score.value:.0%} ({100 * score.low:.0f}–{score.high:.0%})"
