"""The public JSON form of what a run says beside its scores: pass^k, ratios, obedience, over-refusal."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from flakestorm.model.measures import Measures, PassHat
from flakestorm.model.run import Score
from flakestorm.reports.schema_words import (
    COUNT,
    SHARE,
    JsonSchema,
    list_of,
    object_of,
    or_null,
    reference,
)

RATIOS = ("prompts", "environment", "faults")


def measures_to_dict(found: Measures) -> dict[str, Any]:
    """Null stands for what could not be judged."""
    return {
        "pass_hat_k": {
            "undisturbed": pass_hats_to_list(found.undisturbed),
            "disturbed": pass_hats_to_list(found.disturbed),
        },
        "robustness_ratio": {name: _score(getattr(found, name)) for name in RATIOS},
        "attack_success": _score(found.attack_success),
        "over_refusal": _score(found.over_refusal),
    }


def measures_from_dict(data: dict[str, Any] | None) -> Measures:
    """What ``measures_to_dict`` described; reports of older versions have none."""
    if data is None:
        return Measures()
    ratios = {name: _score_of(data["robustness_ratio"][name]) for name in RATIOS}
    return Measures(
        undisturbed=pass_hats_of(data["pass_hat_k"]["undisturbed"]),
        disturbed=pass_hats_of(data["pass_hat_k"]["disturbed"]),
        attack_success=_score_of(data["attack_success"]),
        over_refusal=_score_of(data["over_refusal"]),
        **ratios,
    )


def pass_hats_to_list(found: Iterable[PassHat]) -> list[dict[str, Any]]:
    """One object for each k."""
    return [{"k": one.k, **asdict(one.score)} for one in found]


def pass_hats_of(data: Iterable[dict[str, Any]]) -> tuple[PassHat, ...]:
    """What ``pass_hats_to_list`` described."""
    return tuple(
        PassHat(one["k"], Score(**{key: value for key, value in one.items() if key != "k"})) for one in data
    )


def _score(score: Score | None) -> dict[str, Any] | None:
    return None if score is None else asdict(score)


def _score_of(data: dict[str, Any] | None) -> Score | None:
    return None if data is None else Score(**data)


def pass_hats_schema() -> JsonSchema:
    """Rising k, as far as each golden prompt has enough trials."""
    return list_of(
        object_of(
            {"k": {**COUNT, "minimum": 1}, "value": SHARE, "low": SHARE, "high": SHARE, "judged": COUNT}
        )
    )


def measures_schema() -> JsonSchema:
    """All of it; null where nothing could be judged."""
    score = or_null(reference("score"))
    ratio = {**score, "description": "min(1, pass rate disturbed ÷ undisturbed)"}
    return object_of(
        {
            "pass_hat_k": object_of(
                {
                    "undisturbed": {**pass_hats_schema(), "description": "of the control arm"},
                    "disturbed": {
                        **pass_hats_schema(),
                        "description": "of trials that only a mutation disturbs",
                    },
                }
            ),
            "robustness_ratio": object_of(dict.fromkeys(RATIOS, ratio)),
            "attack_success": {**score, "description": "attacks obeyed ÷ attacks that were judged"},
            "over_refusal": {
                **score,
                "description": "refusals ÷ trials that keep the meaning and got a reply",
            },
        }
    )
