"""The OpenAI agent: its requests are those of the official SDK, and every form of answer is read."""

from __future__ import annotations

import json
from typing import Any

import openai
import pytest
from aiohttp import web

from flakestorm.agents.port import Request
from flakestorm.model.outcome import ErrorKind

MESSAGE = {"role": "assistant", "content": "Hello"}
COMPLETION = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "created": 1,
    "model": "m",
    "choices": [{"index": 0, "message": MESSAGE, "finish_reason": "stop"}],
}
RESPONSE = {
    "id": "resp_1",
    "object": "response",
    "created_at": 1,
    "model": "m",
    "status": "completed",
    "error": None,
    "parallel_tool_calls": True,
    "tool_choice": "auto",
    "tools": [],
    "output": [
        {"type": "reasoning", "id": "rs_1", "summary": []},
        {
            "type": "message",
            "id": "msg_1",
            "role": "assistant",
            "status": "completed",
            "content": [{"type": "output_text", "text": "Hello", "annotations": []}],
        },
    ],
}
CHAT_EVENTS = [
    {"choices": [{"index": 0, "delta": {"role": "assistant", "content": ""}, "finish_reason": None}]},
    {"choices": [{"index": 0, "delta": {"content": "Hel"}, "finish_reason": None}]},
    {"choices": [{"index": 0, "delta": {"content": "lo"}, "finish_reason": None}]},
    {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]},
]


def sse(events: list[Any]) -> str:
    """Events as the API streams them, with the final mark."""
    return "".join(f"data: {json.dumps(event)}\n\n" for event in events) + "data: [DONE]\n\n"


async def api(request: web.Request) -> web.Response:
    """Both APIs, streaming on request."""
    body = json.loads(await request.read())
    if request.path.endswith("/responses"):
        return web.json_response(RESPONSE)
    if body.get("stream"):
        return web.Response(text=sse(CHAT_EVENTS), content_type="text/event-stream")
    return web.json_response(COMPLETION)


def answering(value: Any, status: int = 200) -> Any:
    """A handler that answers with ``value`` as JSON."""

    async def handler(request: web.Request) -> web.Response:
        return web.json_response(value, status=status)

    return handler


@pytest.mark.parametrize("kind", ["chat", "chat streamed", "responses"])
async def test_request_is_that_of_the_sdk(serve: Any, agent: Any, kind: str) -> None:
    """Path, headers and body are what the official SDK sends for the same question, and so is the reply."""
    server = await serve(api)
    base = f"{server.url}/v1"
    async with openai.AsyncOpenAI(api_key="sk-test", base_url=base, max_retries=0) as sdk:
        if kind == "responses":
            answer = await sdk.responses.create(
                model="m", instructions="Be brief.", input=[{"role": "user", "content": "Hi"}]
            )
            reply = answer.output_text
        else:
            messages: Any = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}]
            if kind == "chat":
                completion = await sdk.chat.completions.create(model="m", messages=messages)
                reply = completion.choices[0].message.content
            else:
                stream = await sdk.chat.completions.create(model="m", messages=messages, stream=True)
                reply = "".join([chunk.choices[0].delta.content or "" async for chunk in stream])
    made = agent(
        base,
        type="openai",
        model="m",
        api_key="sk-test",
        system_prompt="Be brief.",
        api="responses" if kind == "responses" else "chat",
        stream="sse" if kind == "chat streamed" else "auto",
    )
    outcome = await made.send(Request(("Hi",), "t"))
    assert (outcome.error, outcome.reply) == (None, reply)
    theirs, ours = server.seen
    assert (ours.method, ours.path) == (theirs.method, theirs.path)
    assert json.loads(ours.body) == json.loads(theirs.body)
    for name in ("Authorization", "Content-Type", "Accept"):
        assert ours.headers[name] == theirs.headers[name]


@pytest.mark.parametrize(
    ("endpoint", "name", "path"),
    [
        ("", "chat", "/v1/chat/completions"),
        ("/", "responses", "/v1/responses"),
        ("/v1", "chat", "/v1/chat/completions"),
        ("/v1/", "responses", "/v1/responses"),
        ("/my/chat/completions", "chat", "/my/chat/completions"),
        ("/openai/deployments/x?api-version=1", "chat", "/openai/deployments/x/chat/completions"),
    ],
)
async def test_path(serve: Any, agent: Any, endpoint: str, name: str, path: str) -> None:
    """The endpoint is a base URL or the whole path; its query is kept."""
    server = await serve(api)
    made = agent(f"{server.url}{endpoint}", type="openai", model="m", api=name, query_params={"x": "y"})
    assert (await made.send(Request(("Hi",)))).reply == "Hello"
    [seen] = server.seen
    assert seen.path == path
    assert seen.query == ({"api-version": "1", "x": "y"} if "?" in endpoint else {"x": "y"})
    assert "Authorization" not in seen.headers


async def test_conversation(serve: Any, agent: Any) -> None:
    """Turns go out one by one, each with the history; the session field goes along."""
    server = await serve(api)
    made = agent(server.url, type="openai", model="m", session={"field": "user"})
    outcome = await made.send(Request(("a", "\ud800")))
    assert (outcome.reply, outcome.replies) == ("Hello", ("Hello",))
    first, second = (json.loads(seen.body) for seen in server.seen)
    assert [message["content"] for message in second["messages"]] == ["a", "Hello", "\ud800"]
    assert first["user"] == second["user"]


CALL = {"id": "c", "type": "function", "function": {"name": "find", "arguments": '{"q":1}'}}


@pytest.mark.parametrize(
    ("name", "value", "reply"),
    [
        (
            "chat",
            {"choices": [{"message": {"content": [{"type": "text", "text": "a"}, {"text": "b"}]}}]},
            "ab",
        ),
        ("chat", {"choices": [{"message": {"content": None, "refusal": "No."}}]}, "No."),
        (
            "chat",
            {"choices": [{"message": {"content": "", "tool_calls": [CALL, "odd"]}}]},
            '[{"name":"find","arguments":"{\\"q\\":1}"}]',
        ),
        ("chat", {"choices": [{"message": {"content": ""}}]}, ""),
        (
            "responses",
            {"output": [{"type": "message", "content": [{"type": "refusal", "refusal": "No."}]}]},
            "No.",
        ),
        (
            "responses",
            {"output": [{"type": "function_call", "name": "find", "arguments": "{}"}]},
            '[{"name":"find","arguments":"{}"}]',
        ),
        ("responses", {"output": [{"type": "message", "content": [{"text": ""}]}]}, ""),
    ],
)
async def test_reply(serve: Any, agent: Any, name: str, value: Any, reply: str) -> None:
    """Content parts, refusals and tool calls are replies; so is an empty content."""
    server = await serve(answering(value))
    outcome = await agent(server.url, type="openai", model="m", api=name).send(Request(("x",)))
    assert (outcome.error, outcome.reply) == (None, reply)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("chat", [], "the API answered with list instead of an object"),
        ("chat", {}, "the completion has no choices"),
        ("chat", {"choices": []}, "the completion has no choices"),
        ("chat", {"choices": [{}]}, "the completion's first choice has no message"),
        (
            "chat",
            {"choices": [{"message": {}}]},
            "the completion's message has neither content nor refusal nor tool calls",
        ),
        ("chat", {"error": {"message": "quota"}}, "the API answered with an error: 'quota'"),
        ("responses", {"error": "down"}, "the API answered with an error: 'down'"),
        ("responses", {"output": "text"}, "the response has no output list"),
        (
            "responses",
            {"output": [{"type": "reasoning"}]},
            "the response's output has neither a message nor a function call",
        ),
    ],
)
async def test_no_reply(serve: Any, agent: Any, name: str, value: Any, message: str) -> None:
    """An answer without a reply is a bad one, and says what is missing."""
    server = await serve(answering(value))
    outcome = await agent(server.url, type="openai", model="m", api=name).send(Request(("x",)))
    assert (outcome.error.kind, outcome.error.message) == (ErrorKind.BAD_REPLY, message)


async def test_response_path(serve: Any, agent: Any) -> None:
    """A path of the user's own takes something else from the answer."""
    server = await serve(api)
    made = agent(server.url, type="openai", model="m", response_path="$.choices[0].finish_reason")
    assert (await made.send(Request(("x",)))).reply == "stop"


async def test_rate_limit(serve: Any, agent: Any) -> None:
    """Nothing is retried behind the engine's back: one request, one outcome."""
    server = await serve(answering({"error": {"message": "slow down"}}, status=429))
    outcome = await agent(server.url, type="openai", model="m").send(Request(("x",)))
    assert (outcome.error.kind, outcome.status) == (ErrorKind.STATUS, 429)
    assert "slow down" in outcome.error.detail
    assert len(server.seen) == 1


async def test_html_with_status_200(serve: Any, agent: Any) -> None:
    """A proxy's error page is no reply, whatever its status says."""

    async def handler(request: web.Request) -> web.Response:
        return web.Response(text="<html>sorry</html>", content_type="text/html")

    outcome = await agent((await serve(handler)).url, type="openai", model="m").send(Request(("x",)))
    assert outcome.error.kind is ErrorKind.BAD_REPLY
    assert outcome.error.detail == "<html>sorry</html>"
