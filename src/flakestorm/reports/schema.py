"""The JSON Schema of the JSON report: what other programs may rely on, in a form they can check."""

from __future__ import annotations

from copy import deepcopy

from flakestorm.model.mutation import Kind
from flakestorm.model.outcome import ErrorKind
from flakestorm.model.record import TrialStatus
from flakestorm.model.verdict import Severity, VerdictStatus
from flakestorm.model.wire import Ended
from flakestorm.reports.contract_dict import contract_schema
from flakestorm.reports.measures_dict import measures_schema
from flakestorm.reports.replay_dict import replay_schema
from flakestorm.reports.run_dict import SCHEMA
from flakestorm.reports.schema_calls import call, scenario_row
from flakestorm.reports.schema_ci import ci_schema
from flakestorm.reports.schema_fault_map import fault_map
from flakestorm.reports.schema_words import (
    COUNT,
    FLAG,
    MILLISECONDS,
    NUMBER,
    SHARE,
    TEXT,
    JsonSchema,
    list_of,
    object_of,
    one_of,
    or_null,
    pair_of,
    reference,
)
from flakestorm.reports.surface_dict import surface_schema

LATER = ("by_scenario", "contract", "replay", "ci", "fault_map", "measures", "reliability")
"""Keys that the first reports of this format do not have yet, or that only some runs have."""


def report_schema() -> JsonSchema:
    """The schema of a whole JSON report (draft 2020-12). Keys it does not name may be added in version 1."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "flakestorm report, version 1",
        **object_of({**_head(), "trials": list_of(reference("trial"))}, optional=LATER),
        "$defs": _definitions(),
    }


def head_schema() -> JsonSchema:
    """The schema of a report without its trials: the first line of a JSON Lines report."""
    return {**object_of(_head(), optional=LATER), "$defs": _definitions()}


def _head() -> JsonSchema:
    pillars = ("robustness", "chaos_resilience", "contract", "replay", "overall")
    return {
        "schema": {"const": SCHEMA},
        "flakestorm": {**TEXT, "description": "the version that made the run"},
        "run": _run(),
        "assessment": object_of(
            {"exit_code": {"type": "integer"}, "headline": TEXT, "reasons": list_of(TEXT)}
        ),
        "scores": object_of({pillar: or_null(reference("score")) for pillar in pillars}),
        "totals": reference("totals"),
        "by_type": list_of(reference("by_type")),
        "by_prompt": list_of(reference("by_prompt")),
        "by_scenario": list_of(reference("by_scenario")),
        "contract": {**or_null(contract_schema()), "description": "null: no contract was run"},
        "replay": {**or_null(replay_schema()), "description": "null: no recorded session was replayed"},
        "ci": ci_schema(),
        "cells": list_of(reference("cell")),
        "latency": object_of({arm: or_null(reference("latency")) for arm in ("control", "disturbed")}),
        "causes": list_of(reference("cause")),
        "findings": list_of(reference("finding")),
        "fault_map": fault_map(),
        "measures": measures_schema(),
        "reliability": surface_schema(),
    }


def _run() -> JsonSchema:
    request = {"method": TEXT, "headers": list_of(pair_of(TEXT, TEXT)), "body": TEXT}
    return object_of(
        {
            "id": TEXT,
            "status": one_of(("running", "complete", "partial")),
            "started_at": {**TEXT, "description": "ISO 8601 with the offset from UTC"},
            "seconds": {**NUMBER, "minimum": 0},
            "seed": {"type": "integer"},
            "config_digest": TEXT,
            "config_path": TEXT,
            "target": {**TEXT, "description": "what was tested: a URL, a Python object or a command"},
            "planned": COUNT,
            "concurrency": COUNT,
            "stop_reason": TEXT,
            "notes": list_of(TEXT),
            "request": or_null(object_of(request)),
            "strategy": {
                **one_of(("uniform", "search", "explore", "contract", "replay", "ci", "reliability")),
                "description": "search, explore: calls did not go evenly, so that no rate is an estimate",
            },
            "budget": or_null(COUNT),
            "cassette": {
                **TEXT,
                "description": "the digest of the cassette that answered calls; empty if they were live",
            },
            "rule_lines": {
                "type": "object",
                "additionalProperties": {"type": "integer", "minimum": 1},
                "description": "the line of the configuration in which each invariant stands",
            },
            "branch": {**TEXT, "description": "the branch that was checked out in Git; empty if unknown"},
            "sessions": {**TEXT, "description": "the session file or folder that was named for a replay"},
            "commit": {**TEXT, "description": "the commit that was checked out in Git; empty if unknown"},
        },
        optional=("request", "strategy", "budget", "branch", "commit", "sessions", "cassette", "rule_lines"),
    )


def _definitions() -> JsonSchema:
    statuses = {status.value: COUNT for status in TrialStatus}
    totals = {"trials": COUNT, **statuses}
    score = object_of({"value": SHARE, "low": SHARE, "high": SHARE, "judged": COUNT})
    rate = or_null(reference("score"))
    by_prompt = {
        "id": TEXT,
        "label": TEXT,
        "text": TEXT,
        "control": reference("totals"),
        "disturbed": reference("totals"),
        "rate": rate,
        "flakiness": NUMBER,
        "beyond_flakiness": NUMBER,
        "broken": list_of(TEXT),
    }
    times = dict.fromkeys(("mean", "p50", "p95", "p99", "slowest"), MILLISECONDS)
    definitions = {
        "score": score,
        "totals": object_of(totals),
        "by_type": object_of({"type": TEXT, **totals, "weight": NUMBER, "rate": rate, "obeyed": COUNT}),
        "by_prompt": object_of(by_prompt),
        "by_scenario": scenario_row(totals),
        "cell": object_of({"prompt": TEXT, "type": TEXT, "passed": COUNT, "judged": COUNT, "errored": COUNT}),
        "latency": object_of({"count": COUNT, **times, "buckets": list_of(pair_of(MILLISECONDS, COUNT))}),
        "cause": _cause(),
        "minimal": _minimal(),
        "finding": _finding(),
        "trial": _trial(),
        "mutation": _mutation(),
        "verdict": _verdict(),
        "call": call(),
        "wire": _wire(),
    }
    # Shared fragments would otherwise be the same dictionaries, and a caller may change what it got.
    return deepcopy(definitions)


def _cause() -> JsonSchema:
    return object_of(
        {
            "title": TEXT,
            "rule": {**TEXT, "description": "the invariant that broke, or the kind of error"},
            "severity": one_of(Severity),
            "type": TEXT,
            "count": COUNT,
            "implied": FLAG,
            "operators": list_of(TEXT),
            "trials": list_of(TEXT),
            "minimal": or_null(reference("minimal")),
            "example": reference("trial"),
        },
        optional=("operators", "minimal"),
    )


def _minimal() -> JsonSchema:
    described = {**TEXT, "description": "goes on after 'when the prompt …'; empty where no words were found"}
    return object_of(
        {
            "rule": TEXT,
            "operator": TEXT,
            "trial": {**TEXT, "description": "the id of the trial that was reduced"},
            "text": {**TEXT, "description": "the smallest input found that fails"},
            "before": {**TEXT, "description": "the same without its guilty part: it passes"},
            "guilty": {**list_of(pair_of(COUNT, COUNT)), "description": "[start, end] in text, code points"},
            "edits": {**list_of(_edit()), "description": "[start, end, replacement] from before to text"},
            "clause": described,
            "calls": {**COUNT, "description": "how many calls it took"},
            "tries": COUNT,
            "failed": {**COUNT, "description": "so many of the tries failed when it was sent again"},
            "confirmed": FLAG,
            "length": {"type": ["integer", "null"], "description": "it fails above so many characters"},
            "record": reference("trial"),
        }
    )


def _edit() -> JsonSchema:
    return {"type": "array", "prefixItems": [COUNT, COUNT, TEXT], "minItems": 3, "maxItems": 3}


def _finding() -> JsonSchema:
    return object_of(
        {
            "kind": TEXT,
            "severity": one_of(Severity),
            "title": TEXT,
            "detail": TEXT,
            "trials": list_of({**TEXT, "description": "a trial's id; the clearest first"}),
            "scenario": {**TEXT, "description": "whose trials show it; empty where it is not about calls"},
            "count": {**COUNT, "description": "in how many trials it was seen"},
            "calls": {**list_of(reference("call")), "description": "of the first of the trials"},
        },
        optional=("scenario", "count", "calls"),
    )


def _trial() -> JsonSchema:
    error = object_of({"kind": one_of(ErrorKind), "message": TEXT, "detail": TEXT})
    return object_of(
        {
            "id": TEXT,
            "prompt": {**TEXT, "description": "the golden prompt's last turn"},
            "prompt_id": TEXT,
            "prompt_name": TEXT,
            "turns": list_of(TEXT),
            "mutation": {
                **or_null(reference("mutation")),
                "description": "null: the prompt is undisturbed",
            },
            "scenario": TEXT,
            "repeat": COUNT,
            "status": one_of(TrialStatus),
            "note": TEXT,
            "reply": or_null(TEXT),
            "replies": list_of(TEXT),
            "error": or_null(error),
            "latency_ms": MILLISECONDS,
            "first_byte_ms": or_null(MILLISECONDS),
            "http_status": {"type": ["integer", "null"]},
            "attempts": COUNT,
            "verdicts": list_of(reference("verdict")),
            "calls": list_of(reference("call")),
            "faults_fired": COUNT,
            "wire": {**or_null(reference("wire")), "description": "what an attack on the protocol showed"},
        }
    )


def _mutation() -> JsonSchema:
    return object_of(
        {
            "type": TEXT,
            "operator": TEXT,
            "text": {**TEXT, "description": "the disturbed turn: what was sent instead of the prompt"},
            "turns": list_of(TEXT),
            "kind": one_of(Kind),
            "seed": {"type": "integer"},
            "intensity": NUMBER,
            "edits": {**list_of(_edit()), "description": "[start, end, replacement], offsets in code points"},
            "canary": or_null(TEXT),
            "implied": list_of(TEXT),
            "attack": {
                **or_null({"type": "object"}),
                "description": "how the request differs from the ordinary one for this text",
            },
        }
    )


def _verdict() -> JsonSchema:
    return object_of(
        {
            "invariant": TEXT,
            "type": TEXT,
            "severity": one_of(Severity),
            "implied": {**FLAG, "description": "the mutation brought the rule, not the user"},
            "status": one_of(VerdictStatus),
            "detail": TEXT,
            "evidence": {
                **list_of(pair_of(COUNT, COUNT)),
                "description": "[start, end] in the reply, code points",
            },
        }
    )


def _wire() -> JsonSchema:
    exchange = {
        "ended": one_of(Ended),
        "elapsed_ms": MILLISECONDS,
        "sent": COUNT,
        "all_sent": FLAG,
        "status": {"type": ["integer", "null"]},
        "headers": list_of(pair_of(TEXT, TEXT)),
        "body": {**TEXT, "description": "an excerpt"},
        "marker": TEXT,
    }
    heartbeat = {
        "undisturbed_ms": MILLISECONDS,
        "served": COUNT,
        "failed": COUNT,
        "worst_ms": MILLISECONDS,
        "problem": TEXT,
    }
    return object_of(
        {
            "exchanges": list_of(object_of(exchange)),
            "heartbeat": {**object_of(heartbeat), "description": "other clients during the attack"},
            "unhealthy": {**TEXT, "description": "why the agent did not answer afterwards; empty if it did"},
        }
    )
