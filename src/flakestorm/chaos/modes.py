"""The faults by name: each ``mode`` of the configuration with the options that it takes."""

from __future__ import annotations

LLM_MODES: dict[str, frozenset[str]] = {
    # transport
    "refused": frozenset(),
    "reset": frozenset(),
    "timeout": frozenset({"delay_ms"}),
    "slow_first_token": frozenset({"delay_ms"}),
    "slow_tokens": frozenset({"delay_ms"}),
    "stall": frozenset({"after_chunks"}),
    "stream_cut": frozenset({"after_chunks"}),
    "silent_truncation": frozenset({"after_chunks"}),
    "bandwidth": frozenset({"bytes_per_s"}),
    "bad_chunk": frozenset(),
    "wrong_length": frozenset(),
    # status
    "rate_limit": frozenset({"retry_after", "retry_after_ms"}),
    "quota_exhausted": frozenset(),
    "server_error": frozenset({"status"}),
    "overloaded": frozenset(),
    "auth_error": frozenset({"status"}),
    "not_found": frozenset(),
    "context_length": frozenset(),
    "status": frozenset({"status"}),
    "html_error": frozenset({"status"}),
    "malformed_json": frozenset(),
    "empty_body": frozenset(),
    # stream
    "stream_error": frozenset(),
    "malformed_chunk": frozenset(),
    "duplicate_chunk": frozenset(),
    "unknown_event": frozenset(),
    "missing_usage": frozenset(),
    # meaning
    "truncated_response": frozenset({"max_tokens"}),
    "empty": frozenset(),
    "empty_choices": frozenset(),
    "refusal": frozenset(),
    "content_filter": frozenset(),
    "garbage": frozenset(),
    "malformed_tool_args": frozenset(),
    "unknown_tool": frozenset(),
    "wrong_tool": frozenset(),
    "duplicate_tool_call": frozenset(),
    "response_drift": frozenset({"drift_type", "severity", "direction", "factor"}),
    "stale": frozenset(),
    "billed_but_lost": frozenset(),
}

TOOL_MODES: dict[str, frozenset[str]] = {
    "error": frozenset({"error_code", "message", "headers"}),
    "timeout": frozenset({"delay_ms"}),
    "slow": frozenset({"delay_ms"}),
    "malformed": frozenset(),
    "malicious_response": frozenset({"payload"}),
    "refused": frozenset(),
    "reset": frozenset(),
    "rate_limit": frozenset({"retry_after", "retry_after_ms"}),
    "truncated": frozenset(),
    "empty": frozenset(),
    "null_values": frozenset(),
    "wrong_type": frozenset(),
    "renamed_field": frozenset(),
    "partial": frozenset(),
    "stale": frozenset(),
    "huge": frozenset(),
    "duplicate": frozenset(),
    "failed_after_commit": frozenset(),
}

ATTACK_TYPES: dict[str, frozenset[str]] = {
    "indirect_injection": frozenset({"payloads", "payload"}),
    "memory_poisoning": frozenset({"payloads", "payload", "strategy", "inject_at"}),
    "overflow": frozenset({"inject_tokens"}),
    "conflicting_context": frozenset({"payloads", "payload"}),
    "injection_via_context": frozenset({"payloads", "payload", "inject_at"}),
}
"""The context attacks in the same form: ``type`` with its options."""

PUBLISHED_OPTIONS = frozenset(
    {
        *("delay_ms", "error_code", "message", "payload", "max_tokens"),
        *("drift_type", "severity", "direction", "factor"),
        *("payloads", "strategy", "inject_tokens", "inject_at"),
    }
)
"""Options that published files may have on any mode; where they mean nothing, they are noted and ignored."""
