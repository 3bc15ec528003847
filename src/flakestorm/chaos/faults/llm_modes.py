"""The table of LLM faults: what each mode does."""

from __future__ import annotations

from collections.abc import Callable

from flakestorm.chaos.config import LlmFault
from flakestorm.chaos.effect import Ending
from flakestorm.chaos.faults import meanings, statuses, streams, transport
from flakestorm.chaos.faults.generation import on_replies, on_streams
from flakestorm.chaos.faults.part import Decision, Occasion

LLM_FAULTS: dict[str, Callable[[LlmFault, Occasion], Decision]] = {
    # transport
    "refused": transport.refused,
    "reset": transport.reset,
    "timeout": transport.timeout,
    "slow_first_token": streams.slow_first_token,
    "slow_tokens": on_streams(streams.slow_tokens),
    "stall": on_streams(streams.ending(Ending.HANG)),
    "stream_cut": on_streams(streams.ending(Ending.RESET)),
    "silent_truncation": on_streams(streams.ending(Ending.CLEAN)),
    "bandwidth": streams.bandwidth,
    "bad_chunk": transport.bad_chunk,
    "wrong_length": transport.wrong_length,
    # status
    "rate_limit": statuses.failure,
    "quota_exhausted": statuses.failure,
    "server_error": statuses.failure,
    "overloaded": statuses.failure,
    "auth_error": statuses.failure,
    "not_found": statuses.failure,
    "context_length": statuses.failure,
    "status": statuses.failure,
    "html_error": statuses.html_error,
    "malformed_json": on_replies(statuses.malformed_json),
    "empty_body": statuses.empty_body,
    # stream
    "stream_error": on_streams(streams.stream_error),
    "malformed_chunk": on_streams(streams.malformed_chunk),
    "duplicate_chunk": on_streams(streams.duplicate_chunk),
    "unknown_event": on_streams(streams.unknown_event),
    "missing_usage": streams.missing_usage,
    # meaning
    "truncated_response": on_replies(meanings.edited(meanings.truncate)),
    "empty": on_replies(meanings.made("plain", "")),
    "empty_choices": on_replies(meanings.made("no_choices", "")),
    "refusal": on_replies(meanings.made("refusal", *meanings.REFUSALS)),
    "content_filter": on_replies(meanings.made("content_filter", "")),
    "garbage": on_replies(meanings.made("plain", *meanings.GARBAGE)),
    "malformed_tool_args": on_replies(meanings.edited(meanings.malform_arguments)),
    "unknown_tool": on_replies(meanings.edited(meanings.ask_unknown_tool)),
    "wrong_tool": on_replies(meanings.edited(meanings.ask_wrong_tool)),
    "duplicate_tool_call": on_replies(meanings.edited(meanings.ask_twice)),
    "response_drift": on_replies(meanings.edited(meanings.drift)),
    "stale": streams.stale,
    "billed_but_lost": transport.lost,
}
