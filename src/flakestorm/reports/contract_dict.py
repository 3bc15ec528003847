"""The public JSON form of a contract: what was promised, and how each cell turned out."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from flakestorm.model.contract import (
    CellStatus,
    ContractCell,
    ContractResult,
    ContractVerdict,
    Terms,
    promise_of,
)
from flakestorm.model.run import Score
from flakestorm.model.verdict import Severity
from flakestorm.reports.schema_words import (
    COUNT,
    FLAG,
    TEXT,
    JsonSchema,
    list_of,
    object_of,
    one_of,
    or_null,
)

POINTS: JsonSchema = {"type": "number", "minimum": 0, "maximum": 100}


def contract_to_dict(result: ContractResult | None, score: Score | None) -> dict[str, Any] | None:
    """``result`` with its ``score`` in points (0–100); the interval is in ``scores.contract``, as a share."""
    if result is None:
        return None
    terms = result.terms
    return {
        "name": terms.name,
        "description": terms.description,
        "verdict": result.verdict.value,
        "score": None if score is None else round(100 * score.value, 4),
        "fresh": terms.fresh,
        "deterministic": terms.deterministic,
        "scenarios": list(terms.scenarios),
        "invariants": [{**asdict(promise), "severity": promise.severity.value} for promise in terms.promises],
        "cells": [_cell_to_dict(cell) for cell in result.cells],
    }


def contract_from_dict(data: dict[str, Any] | None) -> ContractResult | None:
    """What ``contract_to_dict`` described; verdict, score and status follow from the cells."""
    if data is None:
        return None
    terms = Terms(
        name=data["name"],
        promises=tuple(map(promise_of, data["invariants"])),
        scenarios=tuple(data["scenarios"]),
        description=data["description"],
        fresh=data["fresh"],
        deterministic=data["deterministic"],
    )
    return ContractResult(terms, tuple(map(_cell, data["cells"])))


def contract_schema() -> JsonSchema:
    """The JSON Schema of that form."""
    promise = {
        "name": TEXT,
        "type": TEXT,
        "severity": one_of(Severity),
        "description": TEXT,
        "when": TEXT,
        "probes": {**COUNT, "description": "prompts of its own; 0: it is asked about the golden prompts"},
    }
    counts = dict.fromkeys(("passed", "failed", "errored", "inconclusive", "skipped"), COUNT)
    cell = {
        "invariant": TEXT,
        "scenario": TEXT,
        "status": {**one_of(CellStatus), "description": "skipped: the invariant is not for this scenario"},
        **counts,
        "held": {**COUNT, "description": "repeats in which nothing failed"},
        "judged": {**COUNT, "description": "repeats in which anything could be judged"},
        "trials": {**list_of(TEXT), "description": "ids of some of its trials, those that failed first"},
    }
    return object_of(
        {
            "name": TEXT,
            "description": TEXT,
            "verdict": one_of(ContractVerdict),
            "score": {**or_null(POINTS), "description": "0–100; its interval is in scores.contract"},
            "fresh": {**TEXT, "description": "how trials were kept apart; empty where nothing did"},
            "deterministic": FLAG,
            "scenarios": list_of(TEXT),
            "invariants": list_of(object_of(promise)),
            "cells": list_of(object_of(cell)),
        }
    )


def _cell_to_dict(cell: ContractCell) -> dict[str, Any]:
    data = asdict(cell)
    trials = data.pop("trials")
    invariant, scenario = data.pop("invariant"), data.pop("scenario")
    return {
        "invariant": invariant,
        "scenario": scenario,
        "status": cell.status.value,
        **data,
        "trials": list(trials),
    }


def _cell(data: dict[str, Any]) -> ContractCell:
    fields = {name: data[name] for name in ContractCell.__dataclass_fields__}
    return ContractCell(**{**fields, "trials": tuple(data["trials"])})
