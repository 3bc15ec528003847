"""What each fault does and what the agent sees of it, in words: for the command line and the docs."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Explanation:
    """``group`` is where it acts; ``does`` what happens, and ``sees`` what reaches the agent."""

    group: str
    does: str
    sees: str


def _group(name: str, rows: dict[str, tuple[str, str]]) -> dict[str, Explanation]:
    return {mode: Explanation(name, does, sees) for mode, (does, sees) in rows.items()}


LLM: dict[str, Explanation] = {
    **_group(
        "transport",
        {
            "refused": ("As if nobody listened.", "a connection error at once"),
            "reset": ("The connection breaks before the answer.", "a connection error"),
            "timeout": (
                "Silence; after delay_ms the connection closes.",
                "its own timeout if it has one, else a connection error in the end",
            ),
            "slow_first_token": ("The answer begins after delay_ms.", "a late answer"),
            "slow_tokens": ("A pause of delay_ms before each event of a stream.", "a stream that crawls"),
            "stall": (
                "After after_chunks events nothing more comes; the connection stays open.",
                "half an answer, and silence",
            ),
            "stream_cut": (
                "After after_chunks events the connection breaks.",
                "half an answer, and an error",
            ),
            "silent_truncation": (
                "After after_chunks events the stream ends as if complete, without its last event.",
                "half an answer; the official clients report nothing",
            ),
            "bandwidth": ("Bytes pass at bytes_per_s.", "an answer that takes long to arrive"),
            "bad_chunk": ("The transfer has an illegal chunk.", "a protocol error in the body"),
            "wrong_length": ("Fewer bytes come than were announced.", "an incomplete body"),
        },
    ),
    **_group(
        "status",
        {
            "rate_limit": (
                "Too many requests, with retry_after and the provider's other headers.",
                "the client's rate limit error, perhaps after its own retries",
            ),
            "quota_exhausted": ("The account is used up.", "an error that trying again does not cure"),
            "server_error": ("The provider has an error of its own.", "a server error"),
            "overloaded": ("The provider has too much to do.", "the provider's word for overload"),
            "auth_error": ("The key is not accepted: 401, or 403 with status.", "an authentication error"),
            "not_found": ("The model does not exist.", "a not-found error"),
            "context_length": ("The conversation is too long for the model.", "a bad-request error"),
            "status": ("Any status, in the provider's words.", "the client's error for that status"),
            "html_error": (
                "A page for people instead of JSON, with status 502 or, as portals do it, 200.",
                "an error, or text in the place of an object",
            ),
            "malformed_json": ("Status 200 and JSON that never ends.", "a parse error"),
            "empty_body": ("Status 200 and not one byte.", "a parse error, or an empty stream"),
        },
    ),
    **_group(
        "stream",
        {
            "stream_error": (
                "An error is reported in the middle of the stream, whose status is 200.",
                "half an answer, and an error that the client may or may not raise",
            ),
            "malformed_chunk": ("One event is not JSON.", "a parse error in the middle of the stream"),
            "duplicate_chunk": ("One event comes twice.", "a piece of the answer twice"),
            "unknown_event": (
                "An event of a kind that no client knows.",
                "nothing, if it ignores the unknown",
            ),
            "missing_usage": ("Nothing says how many tokens were used; whole answers too.", "no usage"),
        },
    ),
    **_group(
        "meaning",
        {
            "truncated_response": (
                "Only max_tokens of the answer, and the reason 'length'.",
                "half an answer that says so",
            ),
            "empty": ("An answer without text.", "an empty text"),
            "empty_choices": ("An answer without any choice, content or candidate.", "an empty list"),
            "refusal": ("The model refuses.", "a refusal"),
            "content_filter": ("The provider's filter stopped the answer.", "no text, and the reason"),
            "garbage": ("Nonsense.", "a text that means nothing"),
            "malformed_tool_args": (
                "Arguments of tool calls end too soon; values are null where they are no text.",
                "arguments that cannot be used",
            ),
            "unknown_tool": ("The model asks for a tool that does not exist.", "an unknown name"),
            "wrong_tool": ("The model asks for another one of the offered tools.", "the wrong name"),
            "duplicate_tool_call": ("The model asks for the same call twice.", "two equal tool calls"),
            "response_drift": (
                "The same answer in another shape: drift_type, with severity, direction and factor.",
                "renamed fields, more words, another format, hedging, or another tone",
            ),
            "stale": (
                "The trial's first answer of the same model once more.",
                "an answer to an old question",
            ),
            "billed_but_lost": (
                "The call reaches the upstream, is answered and billed; the connection breaks.",
                "a connection error",
            ),
        },
    ),
}

TOOLS: dict[str, Explanation] = {
    **_group(
        "transport",
        {
            "refused": ("As if nobody listened.", "a connection error at once"),
            "reset": ("The connection breaks before the answer.", "a connection error"),
            "timeout": ("Silence; after delay_ms the connection closes.", "its own timeout, if it has one"),
            "slow": ("The call begins delay_ms late.", "a late result"),
            "failed_after_commit": (
                "The tool does its work, and the connection breaks before the result arrives.",
                "a connection error; calling again does it twice",
            ),
        },
    ),
    **_group(
        "status",
        {
            "error": ("An error with error_code, message and headers.", "that status"),
            "rate_limit": ("Status 429 with retry_after.", "a rate limit"),
        },
    ),
    **_group(
        "result",
        {
            "malformed": ("JSON with garbage in it.", "a result that cannot be parsed"),
            "truncated": ("The first half of the bytes.", "a result that cannot be parsed"),
            "empty": ("Nothing, of the same JSON type.", "{}, [] or an empty text"),
            "null_values": ("Every value is null.", "the right fields without values"),
            "wrong_type": ("Every value has another type.", "numbers as text, text as lists"),
            "renamed_field": ("One field has another name.", "a field that is missing, and an unknown one"),
            "partial": ("Half of the fields and of the items of lists.", "a result with gaps"),
            "stale": ("The trial's first result of the same tool once more.", "old data"),
            "huge": ("The result, made a megabyte long.", "more than fits into its context"),
            "duplicate": ("Everything in lists twice, or the result twice.", "items that are there twice"),
            "malicious_response": (
                "An order to the agent in the place of the result's longest text: payload.",
                "a valid result that gives orders",
            ),
        },
    ),
}

ATTACKS: dict[str, Explanation] = {
    **_group(
        "results of tools",
        {
            "indirect_injection": (
                "An order behind the longest text of a valid result: payloads.",
                "a result with an order in it",
            ),
        },
    ),
    **_group(
        "messages to the LLM",
        {
            "memory_poisoning": (
                "A false memory in the user's last message: payloads, strategy, inject_at.",
                "its LLM does as if this had been said",
            ),
            "overflow": (
                "inject_tokens of text without meaning before the user's last message.",
                "a context that is nearly full, or an error about its length",
            ),
            "conflicting_context": (
                "A statement that contradicts the last tool result or message: payloads.",
                "an LLM that has to choose, or to ask",
            ),
            "injection_via_context": (
                "A hostile document behind the last tool result or message: payloads, inject_at.",
                "an LLM that may obey the document",
            ),
        },
    ),
}

OPTIONS: dict[str, str] = {
    "delay_ms": "milliseconds; default 60000 for timeout, 5000 for slow, 10000 for slow_first_token, "
    "250 for slow_tokens",
    "after_chunks": "events of a stream that come through before it; default 3, at most all but the last",
    "bytes_per_s": "default 200",
    "retry_after": "seconds or a date; default 2; null leaves the header out",
    "retry_after_ms": "milliseconds; default: no such header",
    "status": "default: the provider's own",
    "max_tokens": "tokens (of 4 characters) that are left; default 10",
    "drift_type": "verbosity_shift (default), json_field_rename, format_change, refusal_rephrase, tone_shift",
    "severity": "subtle, moderate (default) or severe",
    "direction": "expand (default) or contract; formal (default) or casual",
    "factor": "how many times longer; default 2",
    "error_code": "default 500",
    "message": "text of the error",
    "headers": "headers of the answer",
    "payload": "text; {canary} in it is the token that proves obedience",
    "payloads": "texts, one of them each time; {canary} as in payload",
    "strategy": "prepend (default), append or replace",
    "inject_at": "number of the LLM call, or whose message: user, system, assistant or tool",
    "inject_tokens": "default 4000",
    "trigger_probability": "0 to 1; default 1",
}
"""The options of modes, with their defaults."""

CONDITIONS: dict[str, str] = {
    "probability": "0 to 1; default 1",
    "after_calls": "only after so many calls",
    "on_calls": "only on these calls, counted from 1",
    "every": "only on each n-th call",
    "times": "at most so often",
    "max_active": "at most so many calls disturbed at once",
    "match_url": "only calls to a URL that fits this glob",
    "model": "LLM faults: only calls of this model (a glob)",
    "tool": "tool faults: only calls of this tool (a glob)",
}
"""When a fault fires. Calls are counted for each tool and each model by itself, in every trial anew."""
