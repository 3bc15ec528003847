"""The JSON Schema of what a run of all pillars was asked, and of the pillars."""

from __future__ import annotations

from flakestorm.model.ci import CHAOS, CONTRACT, MUTATION, REPLAY
from flakestorm.model.verdict import Severity
from flakestorm.reports.schema_words import (
    COUNT,
    FLAG,
    SHARE,
    TEXT,
    JsonSchema,
    list_of,
    object_of,
    one_of,
    or_null,
)


def ci_schema() -> JsonSchema:
    """What ``flakestorm ci`` adds; other runs do not have it."""
    pillar = {
        "name": one_of((MUTATION, CHAOS, CONTRACT, REPLAY)),
        "wanted": {**FLAG, "description": "false: it is not configured"},
        "weight": {**SHARE, "description": "in the overall score, after those not measured gave up theirs"},
        "minimum": or_null(SHARE),
        "value": or_null(SHARE),
        "low": or_null(SHARE),
        "high": or_null(SHARE),
        "judged": COUNT,
        "status": {
            **one_of(("passed", "failed", "inconclusive", "skipped")),
            "description": "inconclusive: it is configured, and nothing of it could be judged",
        },
    }
    return object_of(
        {
            "pillars": list_of(object_of(pillar)),
            "measured": {**list_of(TEXT), "description": "the scenarios that count as chaos"},
            "minima": {"type": "object", "additionalProperties": SHARE},
            "fail_on": one_of(Severity),
        }
    )
