"""The JSON Schema of the JSON report: what other programs may rely on, in a form they can check."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from flakestorm.model.mutation import Kind
from flakestorm.model.outcome import ErrorKind
from flakestorm.model.record import TrialStatus
from flakestorm.model.verdict import Severity, VerdictStatus
from flakestorm.model.wire import Ended
from flakestorm.reports.run_dict import SCHEMA

JsonSchema = dict[str, Any]

TEXT: JsonSchema = {"type": "string"}
COUNT: JsonSchema = {"type": "integer", "minimum": 0}
NUMBER: JsonSchema = {"type": "number"}
SHARE: JsonSchema = {"type": "number", "minimum": 0, "maximum": 1}
MILLISECONDS: JsonSchema = {"type": "number", "minimum": 0, "description": "milliseconds"}
FLAG: JsonSchema = {"type": "boolean"}


def report_schema() -> JsonSchema:
    """The schema of a whole JSON report (draft 2020-12). Keys it does not name may be added in version 1."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "flakestorm report, version 1",
        **_object({**_head(), "trials": _list(_reference("trial"))}),
        "$defs": _definitions(),
    }


def head_schema() -> JsonSchema:
    """The schema of a report without its trials: the first line of a JSON Lines report."""
    return {**_object(_head()), "$defs": _definitions()}


def _object(properties: JsonSchema, optional: tuple[str, ...] = ()) -> JsonSchema:
    required = [name for name in properties if name not in optional]
    return {"type": "object", "required": required, "properties": properties}


def _list(items: JsonSchema) -> JsonSchema:
    return {"type": "array", "items": items}


def _or_null(schema: JsonSchema) -> JsonSchema:
    return {"anyOf": [schema, {"type": "null"}]}


def _reference(name: str) -> JsonSchema:
    return {"$ref": f"#/$defs/{name}"}


def _one_of(values: Any) -> JsonSchema:
    return {"enum": [str(value) for value in values]}


def _head() -> JsonSchema:
    pillars = ("robustness", "chaos_resilience", "contract", "replay", "overall")
    return {
        "schema": {"const": SCHEMA},
        "flakestorm": {**TEXT, "description": "the version that made the run"},
        "run": _run(),
        "assessment": _object({"exit_code": {"type": "integer"}, "headline": TEXT, "reasons": _list(TEXT)}),
        "scores": _object({pillar: _or_null(_reference("score")) for pillar in pillars}),
        "totals": _reference("totals"),
        "by_type": _list(_reference("by_type")),
        "by_prompt": _list(_reference("by_prompt")),
        "cells": _list(_reference("cell")),
        "latency": _object({arm: _or_null(_reference("latency")) for arm in ("control", "disturbed")}),
        "causes": _list(_reference("cause")),
        "findings": _list(_reference("finding")),
    }


def _run() -> JsonSchema:
    request = {"method": TEXT, "headers": _list(_pair(TEXT, TEXT)), "body": TEXT}
    return _object(
        {
            "id": TEXT,
            "status": _one_of(("running", "complete", "partial")),
            "started_at": {**TEXT, "description": "ISO 8601 with the offset from UTC"},
            "seconds": {**NUMBER, "minimum": 0},
            "seed": {"type": "integer"},
            "config_digest": TEXT,
            "config_path": TEXT,
            "target": {**TEXT, "description": "what was tested: a URL, a Python object or a command"},
            "planned": COUNT,
            "concurrency": COUNT,
            "stop_reason": TEXT,
            "notes": _list(TEXT),
            "request": _or_null(_object(request)),
            "strategy": {
                **_one_of(("uniform", "search")),
                "description": "search: calls went where failures were, so that no rate is an estimate",
            },
            "budget": _or_null(COUNT),
        },
        optional=("request", "strategy", "budget"),
    )


def _pair(first: JsonSchema, second: JsonSchema) -> JsonSchema:
    return {"type": "array", "prefixItems": [first, second], "minItems": 2, "maxItems": 2}


def _definitions() -> JsonSchema:
    statuses = {status.value: COUNT for status in TrialStatus}
    totals = {"trials": COUNT, **statuses}
    score = _object({"value": SHARE, "low": SHARE, "high": SHARE, "judged": COUNT})
    rate = _or_null(_reference("score"))
    by_prompt = {
        "id": TEXT,
        "label": TEXT,
        "text": TEXT,
        "control": _reference("totals"),
        "disturbed": _reference("totals"),
        "rate": rate,
        "flakiness": NUMBER,
        "beyond_flakiness": NUMBER,
        "broken": _list(TEXT),
    }
    times = dict.fromkeys(("mean", "p50", "p95", "p99", "slowest"), MILLISECONDS)
    definitions = {
        "score": score,
        "totals": _object(totals),
        "by_type": _object({"type": TEXT, **totals, "weight": NUMBER, "rate": rate, "obeyed": COUNT}),
        "by_prompt": _object(by_prompt),
        "cell": _object({"prompt": TEXT, "type": TEXT, "passed": COUNT, "judged": COUNT, "errored": COUNT}),
        "latency": _object({"count": COUNT, **times, "buckets": _list(_pair(MILLISECONDS, COUNT))}),
        "cause": _cause(),
        "minimal": _minimal(),
        "finding": _finding(),
        "trial": _trial(),
        "mutation": _mutation(),
        "verdict": _verdict(),
        "call": _call(),
        "wire": _wire(),
    }
    # Shared fragments would otherwise be the same dictionaries, and a caller may change what it got.
    return deepcopy(definitions)


def _cause() -> JsonSchema:
    return _object(
        {
            "title": TEXT,
            "rule": {**TEXT, "description": "the invariant that broke, or the kind of error"},
            "severity": _one_of(Severity),
            "type": TEXT,
            "count": COUNT,
            "implied": FLAG,
            "operators": _list(TEXT),
            "trials": _list(TEXT),
            "minimal": _or_null(_reference("minimal")),
            "example": _reference("trial"),
        },
        optional=("operators", "minimal"),
    )


def _minimal() -> JsonSchema:
    described = {**TEXT, "description": "goes on after 'when the prompt …'; empty where no words were found"}
    return _object(
        {
            "rule": TEXT,
            "operator": TEXT,
            "trial": {**TEXT, "description": "the id of the trial that was reduced"},
            "text": {**TEXT, "description": "the smallest input found that fails"},
            "before": {**TEXT, "description": "the same without its guilty part: it passes"},
            "guilty": {**_list(_pair(COUNT, COUNT)), "description": "[start, end] in text, code points"},
            "edits": {**_list(_edit()), "description": "[start, end, replacement] from before to text"},
            "clause": described,
            "calls": {**COUNT, "description": "how many calls it took"},
            "tries": COUNT,
            "failed": {**COUNT, "description": "so many of the tries failed when it was sent again"},
            "confirmed": FLAG,
            "length": {"type": ["integer", "null"], "description": "it fails above so many characters"},
            "record": _reference("trial"),
        }
    )


def _edit() -> JsonSchema:
    return {"type": "array", "prefixItems": [COUNT, COUNT, TEXT], "minItems": 3, "maxItems": 3}


def _finding() -> JsonSchema:
    return _object(
        {
            "kind": TEXT,
            "severity": _one_of(Severity),
            "title": TEXT,
            "detail": TEXT,
            "trials": _list({**TEXT, "description": "a trial's id"}),
        }
    )


def _trial() -> JsonSchema:
    error = _object({"kind": _one_of(ErrorKind), "message": TEXT, "detail": TEXT})
    return _object(
        {
            "id": TEXT,
            "prompt": {**TEXT, "description": "the golden prompt's last turn"},
            "prompt_id": TEXT,
            "prompt_name": TEXT,
            "turns": _list(TEXT),
            "mutation": {
                **_or_null(_reference("mutation")),
                "description": "null: the prompt is undisturbed",
            },
            "scenario": TEXT,
            "repeat": COUNT,
            "status": _one_of(TrialStatus),
            "note": TEXT,
            "reply": _or_null(TEXT),
            "replies": _list(TEXT),
            "error": _or_null(error),
            "latency_ms": MILLISECONDS,
            "first_byte_ms": _or_null(MILLISECONDS),
            "http_status": {"type": ["integer", "null"]},
            "attempts": COUNT,
            "verdicts": _list(_reference("verdict")),
            "calls": _list(_reference("call")),
            "faults_fired": COUNT,
            "wire": {**_or_null(_reference("wire")), "description": "what an attack on the protocol showed"},
        }
    )


def _mutation() -> JsonSchema:
    return _object(
        {
            "type": TEXT,
            "operator": TEXT,
            "text": {**TEXT, "description": "the disturbed turn: what was sent instead of the prompt"},
            "turns": _list(TEXT),
            "kind": _one_of(Kind),
            "seed": {"type": "integer"},
            "intensity": NUMBER,
            "edits": {**_list(_edit()), "description": "[start, end, replacement], offsets in code points"},
            "canary": _or_null(TEXT),
            "implied": _list(TEXT),
            "attack": {
                **_or_null({"type": "object"}),
                "description": "how the request differs from the ordinary one for this text",
            },
        }
    )


def _verdict() -> JsonSchema:
    return _object(
        {
            "invariant": TEXT,
            "type": TEXT,
            "severity": _one_of(Severity),
            "implied": {**FLAG, "description": "the mutation brought the rule, not the user"},
            "status": _one_of(VerdictStatus),
            "detail": TEXT,
            "evidence": {
                **_list(_pair(COUNT, COUNT)),
                "description": "[start, end] in the reply, code points",
            },
        }
    )


def _call() -> JsonSchema:
    return _object(
        {
            "kind": TEXT,
            "name": TEXT,
            "started_ms": NUMBER,
            "duration_ms": MILLISECONDS,
            "status": {"type": ["integer", "null"]},
            "fired": {**_list(TEXT), "description": "the faults that fired in this call"},
        }
    )


def _wire() -> JsonSchema:
    exchange = {
        "ended": _one_of(Ended),
        "elapsed_ms": MILLISECONDS,
        "sent": COUNT,
        "all_sent": FLAG,
        "status": {"type": ["integer", "null"]},
        "headers": _list(_pair(TEXT, TEXT)),
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
    return _object(
        {
            "exchanges": _list(_object(exchange)),
            "heartbeat": {**_object(heartbeat), "description": "other clients during the attack"},
            "unhealthy": {**TEXT, "description": "why the agent did not answer afterwards; empty if it did"},
        }
    )
