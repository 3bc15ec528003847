"""The invariants that come with flakestorm: importing this module signs them all up."""

from __future__ import annotations

from flakestorm.invariants import (
    answer_changes,
    behavior_unchanged,
    canary_rule,
    contains,
    delivery,
    equals,
    excludes_pii,
    excludes_secrets,
    injection_detected,
    json_schema,
    length,
    llm_judge,
    protocol_answer,
    protocol_disclosure,
    protocol_others,
    protocol_reflection,
    python_rule,
    refusal_check,
    regex,
    similarity,
    timing,
    valid_json,
)

MODULES = (
    answer_changes,
    behavior_unchanged,
    canary_rule,
    contains,
    delivery,
    equals,
    excludes_pii,
    excludes_secrets,
    injection_detected,
    json_schema,
    length,
    llm_judge,
    protocol_answer,
    protocol_disclosure,
    protocol_others,
    protocol_reflection,
    python_rule,
    refusal_check,
    regex,
    similarity,
    timing,
    valid_json,
)
"""Their order is the order in which messages and the schema list them."""
