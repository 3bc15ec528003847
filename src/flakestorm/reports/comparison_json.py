"""A comparison for other programs."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from flakestorm.reports.json_text import json_bytes
from flakestorm.scoring.comparison_result import Change, Comparison

SCHEMA = "flakestorm-comparison/1"
"""The name and version of the format; a change that breaks readers raises the number."""


def comparison_json(found: Comparison) -> bytes:
    """``found`` as one JSON document with a line end."""
    return json_bytes(comparison_to_dict(found)) + b"\n"


def comparison_to_dict(found: Comparison) -> dict[str, Any]:
    """The public JSON form. Rates are shares from 0 to 1; ``difference`` is null without pairs."""
    numbers = found.numbers
    return {
        "schema": SCHEMA,
        "base": asdict(found.base),
        "head": asdict(found.head),
        "verdict": numbers.verdict.value.replace(" ", "_"),
        "exit_code": numbers.verdict.exit_code,
        "headline": found.headline,
        "reasons": list(found.reasons()),
        "margin": numbers.margin,
        "difference": None
        if numbers.difference is None
        else {"value": numbers.difference, "low": numbers.low, "high": numbers.high},
        "p_value": numbers.p_value,
        "pairs": {
            "trials": numbers.pairs,
            "judged": numbers.judged,
            "lost": numbers.lost,
            "only_base": found.only_base,
            "only_head": found.only_head,
        },
        "requests": {
            "judged": numbers.requests,
            "worse": numbers.worse_requests,
            "better": numbers.better_requests,
        },
        "collapsed": [
            {"prompt_id": one.prompt, "prompt": found.labels.get(one.prompt, ""), "failed": one.failed}
            for one in numbers.collapsed
        ],
        "by_type": [{**asdict(arm), "name": arm.name or None} for arm in numbers.arms],
        "newly_failing": {
            "trials": list(found.failing_ids),
            "shown": [_change(change) for change in found.newly_failing],
        },
        "newly_passing": {
            "trials": list(found.passing_ids),
            "shown": [_change(change) for change in found.newly_passing],
        },
    }


def _change(change: Change) -> dict[str, Any]:
    return {**asdict(change), "severity": change.severity.value, "arm": change.arm or None}
