"""The JSON Schema of the map of the fault space."""

from __future__ import annotations

from flakestorm.model.fault_map import PointState
from flakestorm.model.verdict import Severity
from flakestorm.reports.schema_words import COUNT, TEXT, JsonSchema, list_of, object_of, one_of, reference


def fault_map() -> JsonSchema:
    """The map of an exploration; other runs have none."""
    counts = {state.value: {**COUNT, "description": "in trials"} for state in PointState}
    cell = {
        "call": {**TEXT, "description": "such as 'llm gpt-4o #1' or 'tool search, every call'"},
        "fault": TEXT,
        "family": {**TEXT, "description": "where the fault acts: transport, status, stream, meaning …"},
        "state": {**one_of(PointState), "description": "the worst of its trials"},
        **counts,
        "trials": {**list_of(TEXT), "description": "ids, the worst first"},
    }
    failing = {
        "points": {**list_of(TEXT), "description": "one or two faults, of which none can be left out"},
        "prompts": list_of(TEXT),
        "title": TEXT,
        "severity": one_of(Severity),
        "tries": COUNT,
        "failed": {**COUNT, "description": "so many of the tries failed"},
        "trials": list_of(TEXT),
    }
    group = {
        "title": TEXT,
        "state": one_of(PointState),
        "severity": one_of(Severity),
        "family": TEXT,
        "detail": TEXT,
        "scenarios": list_of(TEXT),
        "trials": {**list_of(TEXT), "description": "the clearest first"},
        "calls": {**list_of(reference("call")), "description": "of the first of the trials"},
    }
    return object_of(
        {
            "cells": list_of(object_of(cell)),
            "failing": {**list_of(object_of(failing)), "description": "minimal sets of faults"},
            "groups": {**list_of(object_of(group)), "description": "the same by behaviour, worst first"},
            "pairs": {**COUNT, "description": "pairs that were tried"},
            "pairs_failed": COUNT,
        }
    )
