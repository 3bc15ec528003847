"""What the faults do to an answer, by their names: behaviour is judged by what the agent was given."""

from __future__ import annotations

from flakestorm.model.outcome import Call

DELAYS = frozenset({"slow", "slow_first_token", "slow_tokens", "bandwidth"})
"""The answer comes whole, only late."""

UNBROKEN = DELAYS | {
    *("response_drift", "renamed_field", "huge", "duplicate", "duplicate_chunk", "unknown_event"),
    *("missing_usage", "overflow"),
}
"""The surroundings are other than usual, but nothing in them fails and nothing in them is false."""

TRUNCATING = frozenset({"truncated_response", "silent_truncation", "stream_cut"})
"""A language model's answer ends too early, and what came looks like an answer."""

CORRUPTING = frozenset(
    {
        *(
            "malformed",
            "truncated",
            "empty",
            "null_values",
            "wrong_type",
            "renamed_field",
            "partial",
            "stale",
        ),
        *("garbage", "malformed_json", "empty_body", "silent_truncation", "truncated_response"),
    }
)
"""Something comes that looks like data and is damaged, incomplete or old."""

INJECTING = frozenset(
    {
        *("malicious_response", "indirect_injection", "memory_poisoning", "injection_via_context"),
        "conflicting_context",
    }
)
"""Hostile instructions come with the data."""

DELIVERED = frozenset({"failed_after_commit"})
"""The other side did what it was asked to, and the caller was not told."""


def mode_of(fault: str) -> str:
    """The mode in the name of a fault: ``error``, ``tool:error`` and ``error 503`` are all ``error``."""
    return fault.rsplit(":", 1)[-1].strip().partition(" ")[0]


def modes(call: Call) -> frozenset[str]:
    """The modes of the faults that fired in ``call``."""
    return frozenset(map(mode_of, call.fired))


def failed(call: Call) -> bool:
    """Whether the agent saw this call fail: an error status, or no complete answer."""
    return bool(call.ended) or (call.status is not None and call.status >= 400)


def is_good(call: Call) -> bool:
    """Whether the agent got a true and whole answer."""
    return not failed(call) and modes(call) <= DELAYS
