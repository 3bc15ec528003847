"""Answers of every provider as their APIs give them, whole and streamed, with a text or with a tool call."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from datetime import datetime, timezone
from typing import Any

import pytest

from flakestorm.chaos.config import Faults
from flakestorm.chaos.effect import Answer, Effect
from flakestorm.chaos.faults.engine import FaultEngine
from flakestorm.chaos.request import CallRequest

TEXT = ("Order", " 4512", " arrives", " on", " Monday.")
ARGUMENTS = ('{"order', '_id": 4512', ', "full": true}')
TOOLS = ("cancel_order", "get_order")
WHOLE_ARGUMENTS = json.loads("".join(ARGUMENTS))
URLS = {
    "openai": "https://api.openai.com/v1/chat/completions",
    "responses": "https://api.openai.com/v1/responses",
    "anthropic": "https://api.anthropic.com/v1/messages",
    "google": "https://generativelanguage.googleapis.com/v1beta/models/m1:generateContent",
    "google_stream": "https://generativelanguage.googleapis.com/v1beta/models/m1:streamGenerateContent?alt=sse",
    "google_list": "https://generativelanguage.googleapis.com/v1beta/models/m1:streamGenerateContent",
    "ollama": "http://127.0.0.1:11434/api/chat",
}
NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=timezone.utc)


def _sse(documents: Iterable[Any], named: bool = False, end: str = "", newline: str = "\n") -> bytes:
    lines = [
        (f"event: {document['type']}{newline}" if named else "")
        + f"data: {json.dumps(document)}{newline * 2}"
        for document in documents
    ]
    return ("".join(lines) + end).encode()


def _openai(tool: bool, stream: bool) -> bytes:
    head = {"id": "chatcmpl-1", "created": 1, "model": "m1"}
    usage = {"prompt_tokens": 9, "completion_tokens": 5, "total_tokens": 14}
    call = {"id": "call_1", "type": "function"}
    if not stream:
        made = {**call, "function": {"name": "get_order", "arguments": "".join(ARGUMENTS)}}
        said = {"content": None, "tool_calls": [made]} if tool else {"content": "".join(TEXT)}
        finish = "tool_calls" if tool else "stop"
        choice = {"index": 0, "message": {"role": "assistant", **said}, "finish_reason": finish}
        return json.dumps({**head, "object": "chat.completion", "choices": [choice], "usage": usage}).encode()
    begun = {"index": 0, **call, "function": {"name": "get_order", "arguments": ""}}
    pieces: list[dict[str, Any]] = [{"content": piece} for piece in TEXT]
    if tool:
        pieces = [{"tool_calls": [begun]}]
        pieces += [{"tool_calls": [{"index": 0, "function": {"arguments": part}}]} for part in ARGUMENTS]
    deltas = [{"role": "assistant", "content": None if tool else ""}, *pieces]
    chunks: list[dict[str, Any]] = [
        {**head, "choices": [{"index": 0, "delta": d, "finish_reason": None}]} for d in deltas
    ]
    end = {"index": 0, "delta": {}, "finish_reason": "tool_calls" if tool else "stop"}
    return _sse(
        [*chunks, {**head, "choices": [end]}, {**head, "choices": [], "usage": usage}], end="data: [DONE]\n\n"
    )


def _anthropic(tool: bool, stream: bool) -> bytes:
    head = {"id": "msg_1", "type": "message", "role": "assistant", "model": "m1", "stop_sequence": None}
    usage = {"input_tokens": 9, "output_tokens": 5}
    stop = "tool_use" if tool else "end_turn"
    block = {"type": "tool_use", "id": "toolu_1", "name": "get_order"}
    if not stream:
        content = {**block, "input": WHOLE_ARGUMENTS} if tool else {"type": "text", "text": "".join(TEXT)}
        return json.dumps({**head, "content": [content], "stop_reason": stop, "usage": usage}).encode()
    begun = {**block, "input": {}} if tool else {"type": "text", "text": ""}
    deltas: list[dict[str, Any]] = [{"type": "text_delta", "text": piece} for piece in TEXT]
    if tool:
        deltas = [{"type": "input_json_delta", "partial_json": part} for part in ARGUMENTS]
    events = [
        {"type": "message_start", "message": {**head, "content": [], "stop_reason": None, "usage": usage}},
        {"type": "content_block_start", "index": 0, "content_block": begun},
        {"type": "ping"},
        *({"type": "content_block_delta", "index": 0, "delta": delta} for delta in deltas),
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {"stop_reason": stop}, "usage": {"output_tokens": 5}},
        {"type": "message_stop"},
    ]
    return _sse(events, named=True)


def _google(tool: bool, stream: bool, in_list: bool = False) -> bytes:
    call = {"functionCall": {"name": "get_order", "args": WHOLE_ARGUMENTS}}
    end = {"usageMetadata": {"promptTokenCount": 9, "totalTokenCount": 14}, "modelVersion": "m1"}
    pieces = [call] if tool else [{"text": piece} for piece in (TEXT if stream else ["".join(TEXT)])]
    chunks: list[dict[str, Any]] = [
        {"candidates": [{"content": {"parts": [piece], "role": "model"}, "index": 0}], **end}
        for piece in pieces
    ]
    chunks[-1]["candidates"][0]["finishReason"] = "STOP"
    if not stream:
        return json.dumps(chunks[0]).encode()
    if in_list:
        return b"[" + b",\r\n".join(json.dumps(chunk, indent=1).encode() for chunk in chunks) + b"\n]"
    return _sse(chunks, newline="\r\n")


def _ollama(tool: bool, stream: bool) -> bytes:
    head = {"model": "m1", "created_at": "2026-01-01T00:00:00Z"}
    end = {"done": True, "done_reason": "stop", "eval_count": 5, "prompt_eval_count": 9}
    call = {"tool_calls": [{"function": {"name": "get_order", "arguments": WHOLE_ARGUMENTS}}]}
    said: dict[str, Any] = {
        "role": "assistant",
        "content": "" if tool else "".join(TEXT),
        **(call if tool else {}),
    }
    if not stream:
        return json.dumps({**head, "message": said, **end}).encode()
    messages = [said] if tool else [{"role": "assistant", "content": piece} for piece in TEXT]
    lines = [{**head, "message": message, "done": False} for message in messages]
    last = {**head, "message": {"role": "assistant", "content": ""}, **end}
    return b"".join(json.dumps(line).encode() + b"\n" for line in (*lines, last))


def _responses(tool: bool, stream: bool) -> bytes:
    usage = {"input_tokens": 9, "output_tokens": 5, "total_tokens": 14}
    text, arguments = "".join(TEXT), "".join(ARGUMENTS)
    part = {"type": "output_text", "text": text, "annotations": []}
    item: dict[str, Any] = {"id": "msg_1", "type": "message", "role": "assistant", "status": "completed"}
    begun: dict[str, Any] = {**item, "content": []}
    item = {**item, "content": [part]}
    if tool:
        item = {"id": "fc_1", "type": "function_call", "call_id": "call_1", "name": "get_order"}
        begun, item = {**item, "arguments": ""}, {**item, "arguments": arguments}
    whole = {"id": "resp_1", "object": "response", "status": "completed", "model": "m1", "output": [item]}
    if not stream:
        return json.dumps({**whole, "usage": usage}).encode()
    place = {"item_id": item["id"], "output_index": 0}
    in_part = {**place, "content_index": 0}
    kind = "response.function_call_arguments" if tool else "response.output_text"
    if tool:
        middle = [{"type": f"{kind}.delta", **place, "delta": piece} for piece in ARGUMENTS]
        middle.append({"type": f"{kind}.done", **place, "arguments": arguments})
    else:
        middle = [{"type": "response.content_part.added", **in_part, "part": {**part, "text": ""}}]
        middle += [{"type": f"{kind}.delta", **in_part, "delta": piece} for piece in TEXT]
        middle.append({"type": f"{kind}.done", **in_part, "text": text})
        middle.append({"type": "response.content_part.done", **in_part, "part": part})
    events = [
        {"type": "response.created", "response": {**whole, "status": "in_progress", "output": []}},
        {"type": "response.output_item.added", "output_index": 0, "item": begun},
        *middle,
        {"type": "response.output_item.done", "output_index": 0, "item": item},
        {"type": "response.completed", "response": {**whole, "usage": usage}},
    ]
    return _sse(events, named=True)


MAKERS: dict[str, Callable[[bool, bool], bytes]] = {
    "openai": _openai,
    "responses": _responses,
    "anthropic": _anthropic,
    "google": _google,
    "google_list": lambda tool, stream: _google(tool, stream, in_list=True),
    "ollama": _ollama,
}


class Api:
    """One provider: its answers, and calls of it. ``google_list`` streams a JSON list."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.provider: Any = name.partition("_")[0]

    def answer(self, tool: bool = False, stream: bool = False) -> bytes:
        """What it says: that the order arrives on Monday, or that it wants to call get_order."""
        return MAKERS[self.name](tool, stream)

    def request(self, stream: bool = False, body: bytes = b"", model: str = "m1") -> CallRequest:
        """A call that asks for a reply."""
        key = "google_stream" if stream and self.name == "google" else self.name
        return CallRequest("llm", model, self.provider, "POST", URLS[key], {}, body or self.body(), stream)

    def body(self) -> bytes:
        """A request with two tools."""
        if self.provider == "google":
            functions = [{"name": name} for name in TOOLS]
            contents = [{"role": "user", "parts": [{"text": "Where is it?"}]}]
            return json.dumps({"contents": contents, "tools": [{"functionDeclarations": functions}]}).encode()
        wrapped = self.provider in ("openai", "ollama")
        tools = [{"function": {"name": name}} if wrapped else {"name": name} for name in TOOLS]
        key = "input" if self.provider == "responses" else "messages"
        messages = [{"role": "user", "content": "Where is it?"}]
        return json.dumps({"model": "m1", key: messages, "tools": tools}).encode()


@pytest.fixture(params=list(MAKERS))
def api(request: pytest.FixtureRequest) -> Api:
    """Every provider in turn."""
    return Api(request.param)


@pytest.fixture
def apis() -> Callable[[str], Api]:
    """A provider by name."""
    return Api


@pytest.fixture
def engine() -> Callable[..., FaultEngine]:
    """An engine for ``llm``, ``tools`` and ``context``, each a list of what the configuration has."""

    def made(seed: int = 1, trial: str = "t1", **faults: Any) -> FaultEngine:
        names = {"llm": "llm_faults", "tools": "tool_faults", "context": "context_attacks"}
        return FaultEngine(
            Faults(**{names[key]: value for key, value in faults.items()}), seed, trial, lambda: NOW
        )

    return made


class Passed:
    """What came of one call."""

    def __init__(self, effect: Effect, steps: list[Any], answer: Answer | None) -> None:
        self.effect = effect
        self.steps = steps
        self.answer = answer

    @property
    def body(self) -> bytes:
        """The bytes that the agent gets."""
        if self.answer is not None:
            return self.answer.body
        return b"".join(step for step in self.steps if isinstance(step, bytes))


@pytest.fixture
def passing() -> Callable[..., Passed]:
    """Sends a call through an engine, with ``upstream`` as its answer, in pieces of ``size`` bytes."""

    def run(
        engine: FaultEngine, request: CallRequest, upstream: bytes, size: int = 7, status: int = 200
    ) -> Passed:
        effect = engine.effect(request)
        steps: list[Any] = []
        answer = None
        if effect.answer is not None:
            answer = effect.answer
        elif request.stream and effect.shaper is not None and status == 200:
            shaper = effect.shaper()
            for start in range(0, len(upstream), size):
                steps.extend(shaper.feed(upstream[start : start + size]))
                if steps and not isinstance(steps[-1], bytes) and type(steps[-1]).__name__ == "Ending":
                    break
            else:
                steps.extend(shaper.finish())
        else:
            kind = "text/event-stream" if request.stream else "application/json"
            answer = Answer(status, (("content-type", kind),), upstream)
            if effect.rewrite is not None:
                answer = effect.rewrite(answer)
        return Passed(engine.ended(effect) or effect, steps, answer)

    return run
