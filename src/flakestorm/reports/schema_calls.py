"""The JSON Schema of calls and of scenarios: what faults did, and what the agent made of it."""

from __future__ import annotations

from flakestorm.reports.schema_words import (
    COUNT,
    FLAG,
    MILLISECONDS,
    NUMBER,
    TEXT,
    JsonSchema,
    list_of,
    object_of,
    or_null,
    reference,
)

LATER = ("held", "ended", "retry", "tokens", "method", "url", "sent", "received", "asked_wait_ms", "stream")
"""Keys of a call that the first reports of this format do not have yet."""


def call() -> JsonSchema:
    """One LLM or tool call."""
    return object_of(
        {
            "kind": TEXT,
            "name": TEXT,
            "started_ms": NUMBER,
            "duration_ms": MILLISECONDS,
            "status": {"type": ["integer", "null"]},
            "fired": {**list_of(TEXT), "description": "the faults that fired in this call"},
            "held": {**list_of(TEXT), "description": "those that matched it and did not, 'fault: reason'"},
            "ended": {**TEXT, "description": "how it ended without a complete answer; empty if it had one"},
            "retry": {**COUNT, "description": "the number that an SDK gives its own retries"},
            "tokens": or_null(COUNT),
            "method": TEXT,
            "url": TEXT,
            "sent": {**TEXT, "description": "a digest: equal ones are the same request"},
            "received": {**TEXT, "description": "the beginning of what the agent got"},
            "asked_wait_ms": {**or_null(NUMBER), "description": "what a retry-after header asked for"},
            "stream": {**FLAG, "description": "whether the answer was asked for piece by piece"},
        },
        optional=LATER,
    )


def scenario_row(totals: JsonSchema) -> JsonSchema:
    """One scenario: how its trials ended, what fired, what it cost, and how the agent came back."""
    why = {**TEXT, "description": "why it mostly held back; empty where it always fired"}
    fault = object_of({"name": TEXT, "matched": COUNT, "fired": COUNT, "why": why})
    amplification = object_of({"what": TEXT, "median": NUMBER, "worst": NUMBER, "trials": COUNT})
    times = dict.fromkeys(("calls", "seconds", "worst_seconds"), or_null(NUMBER))
    return object_of(
        {
            "name": TEXT,
            **totals,
            "unfired": {**COUNT, "description": "trials in which no fault fired: they prove nothing"},
            "matched": {**COUNT, "description": "calls in which a fault could have fired, fault by fault"},
            "fired": {**COUNT, "description": "calls in which one fired, fault by fault"},
            "rate": {**or_null(reference("score")), "description": "resilience: passed ÷ judged"},
            "faults": list_of(fault),
            "amplification": list_of(amplification),
            "recovery": {
                **object_of({"recovered": COUNT, "never": COUNT, **times}),
                "description": "from the last disturbed call to a correct reply, medians",
            },
            "data": {
                **object_of(dict.fromkeys(("noticed", "silent", "fabricated"), COUNT)),
                "description": "what became of damaged data, in trials",
            },
        }
    )
