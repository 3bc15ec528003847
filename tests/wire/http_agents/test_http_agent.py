"""The HTTP agent against well-behaved servers: what it sends, and what it makes of the answers."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from aiohttp import web

from flakestorm.agents.port import Request
from flakestorm.agents.registry import agent_kinds
from flakestorm.model.outcome import ErrorKind

HOSTILE = 'quote " backslash \\ brace {prompt} NUL \x00 newline \n bidi \u202e emoji 🦜'


async def ok(request: web.Request) -> web.Response:
    """Answer everything with a fixed reply."""
    return web.json_response({"output": "fine"})


def replying(**keys: Any) -> Callable[[web.Request], Awaitable[web.Response]]:
    """A handler that always answers with ``web.Response(**keys)``."""

    async def handler(request: web.Request) -> web.Response:
        return web.Response(**keys)

    return handler


async def test_default_request(serve: Any, agent: Any) -> None:
    """Without a template: POST with the prompt in ``input``, and the trial's id in a header."""
    server = await serve(ok)
    outcome = await agent(f"{server.url}/ask", headers={"X-Key": "k"}).send(Request(("hello",), "t-1"))
    assert (outcome.reply, outcome.error, outcome.status) == ("fine", None, 200)
    assert 0 < outcome.first_byte_ms <= outcome.latency_ms
    [seen] = server.seen
    assert (seen.method, seen.path, json.loads(seen.body)) == ("POST", "/ask", {"input": "hello"})
    assert seen.headers["Content-Type"] == "application/json"
    assert seen.headers["x-flakestorm-trial"] == "t-1"
    assert seen.headers["X-Key"] == "k"
    assert seen.headers["User-Agent"].startswith("flakestorm/")


@pytest.mark.parametrize("prompt", [HOSTILE, "", " ", "\ud83d lone", "x" * 1_500_000])
async def test_hostile_prompt_arrives(serve: Any, agent: Any, prompt: str) -> None:
    """Quotes, NUL, lone surrogates and megabytes reach the agent as they are."""
    server = await serve(ok)
    outcome = await agent(server.url, request_template='{"q": "{prompt}"}').send(Request((prompt,)))
    assert outcome.reply == "fine"
    assert json.loads(server.seen[0].body)["q"] == prompt


async def test_get_sends_prompt_in_query(serve: Any, agent: Any) -> None:
    """GET without a template: the prompt is the parameter ``input``, beside those configured."""
    server = await serve(ok)
    made = agent(f"{server.url}/a%20b?x=1#part", method="GET", query_params={"lang": "d e"})
    assert (await made.send(Request((HOSTILE,)))).reply == "fine"
    [seen] = server.seen
    assert (seen.method, seen.path, seen.body) == ("GET", "/a b", b"")
    assert seen.query == {"x": "1", "lang": "d e", "input": HOSTILE}


async def test_prompt_in_query_params_replaces_body(serve: Any, agent: Any) -> None:
    """``{prompt}`` in the query is where the prompt goes, also for POST."""
    server = await serve(ok)
    made = agent(server.url, query_params={"q": "ask: {prompt}"})
    assert (await made.send(Request(("a&b",)))).reply == "fine"
    assert server.seen[0].query == {"q": "ask: a&b"}
    assert server.seen[0].body == b""


async def test_prompt_that_cannot_be_sent(serve: Any, agent: Any) -> None:
    """A lone surrogate has no place in a URL: unsendable, and nothing was sent."""
    server = await serve(ok)
    outcome = await agent(server.url, method="GET").send(Request(("\ud800",)))
    assert outcome.error.kind is ErrorKind.UNSENDABLE
    assert server.seen == []


async def test_form_and_text_templates(serve: Any, agent: Any) -> None:
    """The content type follows the template, and the user's own wins."""
    server = await serve(ok)
    form = {"content-type": "application/x-www-form-urlencoded"}
    await agent(server.url, request_template="q={prompt}", headers=form).send(Request(("a&b",)))
    await agent(server.url, request_template="Q: {prompt}").send(Request(("é",)))
    first, second = server.seen
    assert (first.headers["content-type"], first.body) == (form["content-type"], b"q=a%26b")
    assert (second.headers["Content-Type"], second.body.decode()) == ("text/plain; charset=utf-8", "Q: é")


@pytest.mark.parametrize(
    ("answer", "keys", "reply"),
    [
        ({"body": b'"a string"', "content_type": "application/json"}, {}, "a string"),
        ({"text": '{"answer": "no type"}'}, {}, "no type"),
        ({"text": "plain"}, {}, "plain"),
        ({"text": "{not json"}, {}, "{not json"),
        ({"text": '"quoted"'}, {}, '"quoted"'),
        ({"status": 204}, {}, ""),
        ({"body": b"", "content_type": "application/json"}, {}, ""),
        (
            {"body": "ü".encode("latin-1"), "headers": {"Content-Type": "text/plain; charset=latin-1"}},
            {},
            "ü",
        ),
        ({"body": b"\xef\xbb\xbfbom"}, {}, "bom"),
        (
            {
                "body": '{"text": "ü"}'.encode("utf-16"),
                "headers": {"Content-Type": "application/json; charset=utf-16"},
            },
            {},
            "ü",
        ),
        (
            {"body": b'{"text": "\\ud83e\\udd9c \\ud800"}', "content_type": "application/json"},
            {},
            "🦜 \ufffd",
        ),
        ({"body": b'{"n": NaN, "text": "x"}', "content_type": "application/json"}, {}, "x"),
        ({"text": '{"a": [{"b": 7}]}'}, {"response_path": "$.a[0].b"}, "7"),
        ({"text": "data: a\n\ndata: b\n\n", "content_type": "text/event-stream"}, {}, "ab"),
        ({"text": '{"token":"a"}\n{"token":"b"}\n', "content_type": "application/x-ndjson"}, {}, "ab"),
        ({"text": "data: a\n\n", "content_type": "text/event-stream"}, {"stream": "off"}, "data: a\n\n"),
        ({"text": "data: a\n\n"}, {"stream": "sse"}, "a"),
        ({"text": '{"x": "a"}\n{"x": "b"}'}, {"stream": "ndjson", "response_path": "x"}, "ab"),
        (
            {"body": gzip.compress(b"small"), "headers": {"Content-Encoding": "gzip"}},
            {},
            "small",
        ),
    ],
)
async def test_reply_is_read(
    serve: Any, agent: Any, answer: dict[str, Any], keys: dict[str, Any], reply: str
) -> None:
    """Every usual form of answer gives its reply."""
    server = await serve(replying(**answer))
    outcome = await agent(server.url, **keys).send(Request(("x",)))
    assert (outcome.error, outcome.reply) == (None, reply)


@pytest.mark.parametrize(
    ("answer", "keys", "message"),
    [
        ({"text": '{"a": 1}'}, {"response_path": "b"}, "response_path 'b': $ has no 'b' (it has 'a')"),
        ({"text": "plain"}, {"response_path": "b"}, "but the reply can only be found in JSON"),
        ({"text": "{oops", "content_type": "application/json"}, {}, "but its content type says it is"),
        ({"body": b"null", "content_type": "application/json"}, {}, "the answer is null"),
        ({"body": b"ab\xff"}, {}, "the answer is not utf-8 (byte 2: invalid start byte)"),
        (
            {"body": b"x", "headers": {"Content-Type": "text/plain; charset=klingon"}},
            {},
            "the answer declares the unknown charset 'klingon'",
        ),
        (
            {"body": b"x", "headers": {"Content-Type": "text/plain; charset=zlib"}},
            {},
            "the answer declares the unknown charset 'zlib'",
        ),
        (
            {"body": b"not gzip", "headers": {"Content-Encoding": "gzip"}},
            {},
            "the body is not compressed as its content-encoding says",
        ),
        ({"body": b"[" * 100_000, "content_type": "application/json"}, {}, "the answer is not JSON"),
        (
            {"text": 'data: {"error": "boo"}\n\n', "content_type": "text/event-stream"},
            {},
            "the stream reported an error: 'boo'",
        ),
    ],
)
async def test_bad_reply(
    serve: Any, agent: Any, answer: dict[str, Any], keys: dict[str, Any], message: str
) -> None:
    """What is no reply is the agent's fault, with the reason; the status is kept."""
    server = await serve(replying(**answer))
    outcome = await agent(server.url, **keys).send(Request(("x",)))
    assert outcome.reply is None
    assert outcome.error.kind is ErrorKind.BAD_REPLY
    assert message in outcome.error.message
    assert outcome.status == 200


async def test_status_error(serve: Any, agent: Any) -> None:
    """Any status but 2xx is an error with the status, an excerpt of the body and the wish to wait."""
    handler = replying(status=503, text="busy" * 1000, headers={"Retry-After": "3"})
    outcome = await agent((await serve(handler)).url).send(Request(("x",)))
    assert outcome.error.kind is ErrorKind.STATUS
    assert outcome.error.message == "the agent answered 503 Service Unavailable"
    assert outcome.error.detail == "busy" * 500
    assert (outcome.status, outcome.retry_after_s) == (503, 3.0)


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (404, "the agent answered 404 Not Found; is the path in agent.endpoint right?"),
        (599, "the agent answered 599"),
        (304, "the agent answered 304 Not Modified"),
        (301, "the agent answered 301 Moved Permanently"),
    ],
)
async def test_status_message(serve: Any, agent: Any, status: int, message: str) -> None:
    """The usual statuses come with what to look at; a redirect to nowhere is a status like others."""
    outcome = await agent((await serve(replying(status=status))).url).send(Request(("x",)))
    assert (outcome.error.kind, outcome.error.message) == (ErrorKind.STATUS, message)


async def test_reply_size_is_limited(serve: Any, agent: Any) -> None:
    """One byte too many is too large, whole or streamed."""
    server = await serve(replying(text="x" * 1001))
    assert (await agent(server.url, max_reply_bytes=1001).send(Request(("x",)))).reply == "x" * 1001
    for stream in ("off", "sse", "ndjson"):
        outcome = await agent(server.url, max_reply_bytes=1000, stream=stream).send(Request(("x",)))
        assert outcome.error.kind is ErrorKind.TOO_LARGE
        assert outcome.error.message == "the reply is larger than agent.max_reply_bytes (1,000 bytes)"


async def test_large_reply_arrives_whole(serve: Any, agent: Any) -> None:
    """A reply of many packets is put together in order."""
    text = "".join(map(str, range(200_000)))
    outcome = await agent((await serve(replying(text=text))).url).send(Request(("x",)))
    assert outcome.reply == text


async def test_decompression_bomb_is_cut_off(serve: Any, agent: Any) -> None:
    """The limit is on what comes out of the compression; little of the rest is ever unpacked."""
    bomb = gzip.compress(bytes(50_000_000), 1)
    server = await serve(replying(body=bomb, headers={"Content-Encoding": "gzip"}))
    outcome = await agent(server.url, max_reply_bytes=100_000).send(Request(("x",)))
    assert outcome.error.kind is ErrorKind.TOO_LARGE


async def test_same_origin_redirect_keeps_prompt(serve: Any, agent: Any) -> None:
    """301, 302, 307 and 308 send the prompt again; 303 asks for the result with GET."""

    async def handler(request: web.Request) -> web.StreamResponse:
        if request.path == "/done":
            return web.Response(text=request.method)
        return web.Response(status=int(request.path[1:]), headers={"Location": "/done"})

    server = await serve(handler)
    for status, method in ((301, "POST"), (302, "POST"), (303, "GET"), (307, "POST"), (308, "POST")):
        outcome = await agent(f"{server.url}/{status}").send(Request(("p",)))
        assert (outcome.reply, outcome.status) == (method, 200)
        assert server.seen[-1].body == (b"" if status == 303 else b'{"input": "p"}')


@pytest.mark.parametrize(
    ("location", "keys", "message"),
    [
        ("/", {}, "goes round in a circle"),
        ("more", {}, "goes on and on"),
        ("http://example.com/x", {}, "the agent redirects to another host, 'http://example.com/x'"),
        ("http://[bad", {}, "is no address"),
        ("mailto:someone", {}, "is no address"),
        ("/elsewhere", {"follow_redirects": False}, "/elsewhere'; set agent.endpoint to it"),
    ],
)
async def test_redirect_error(
    serve: Any, agent: Any, location: str, keys: dict[str, Any], message: str
) -> None:
    """Circles, endless chains and other hosts end as redirect errors, which say what to set."""

    async def handler(request: web.Request) -> web.StreamResponse:
        target = f"/more/{len(request.path)}{request.path}" if location == "more" else location
        return web.Response(status=307, headers={"Location": target})

    outcome = await agent(f"{(await serve(handler)).url}/", **keys).send(Request(("x",)))
    assert outcome.error.kind is ErrorKind.REDIRECT
    assert message in outcome.error.message
    assert outcome.status == 307


async def test_transcript_without_a_session(serve: Any, agent: Any) -> None:
    """An agent without sessions gets a conversation as one text."""
    server = await serve(ok)
    outcome = await agent(server.url).send(Request(("a", "b")))
    assert (outcome.reply, outcome.replies) == ("fine", ())
    assert json.loads(server.seen[0].body) == {"input": "User: a\n\nUser: b"}


async def echo(request: web.Request) -> web.Response:
    """Answer with the text of ``q``."""
    return web.json_response({"reply": "re: " + json.loads(await request.read())["q"]})


@pytest.mark.parametrize("place", ["header", "field", "cookie"])
async def test_session_turn_by_turn(serve: Any, agent: Any, place: str) -> None:
    """One session id per invocation, in the configured place, and one request per turn."""
    server = await serve(echo)
    made = agent(
        server.url,
        request_template='{"q": {prompt}}',
        session={place: "sid"},
        headers={"Cookie": "own=1"},
    )
    outcome = await made.send(Request(("a", "b", "c"), "t"))
    again = await made.send(Request(("a",), "t"))
    assert (outcome.reply, outcome.replies) == ("re: c", ("re: a", "re: b"))
    assert (again.reply, again.replies) == ("re: a", ())

    def session_of(seen: Any) -> str:
        if place == "header":
            return str(seen.headers["sid"])
        if place == "field":
            return str(json.loads(seen.body)["sid"])
        own, _, session = seen.headers["Cookie"].partition("; sid=")
        assert own == "own=1"
        return str(session)

    first, second, third, other = map(session_of, server.seen)
    assert first == second == third != other
    assert len(first) == 32


async def test_session_field_of_get(serve: Any, agent: Any) -> None:
    """Where there is no body the session id is a query parameter."""
    server = await serve(ok)
    await agent(server.url, method="GET", session={"field": "sid"}).send(Request(("a",)))
    assert set(server.seen[0].query) == {"input", "sid"}


async def test_cookie_of_the_agent_is_kept(serve: Any, agent: Any) -> None:
    """An agent that hands out session cookies gets its own one back, within the conversation only."""

    async def handler(request: web.Request) -> web.Response:
        response = web.json_response({"reply": request.cookies["sid"]})
        response.set_cookie("sid", "from-server")
        return response

    made = agent((await serve(handler)).url, session={"cookie": "sid"})
    first = await made.send(Request(("a", "b")))
    second = await made.send(Request(("a",)))
    assert first.reply == "from-server"
    assert second.reply not in ("from-server", first.replies[0])


async def test_messages_grow_with_replies(serve: Any, agent: Any) -> None:
    """A template with ``{messages}`` gets the history with the agent's own replies."""

    async def handler(request: web.Request) -> web.Response:
        return web.json_response({"reply": f"r{len(json.loads(await request.read())['m'])}"})

    server = await serve(handler)
    outcome = await agent(server.url, request_template='{"m": {messages}}').send(Request(("a", "b")))
    assert (outcome.reply, outcome.replies) == ("r3", ("r1",))
    assert json.loads(server.seen[1].body)["m"] == [
        {"role": "user", "content": "a"},
        {"role": "assistant", "content": "r1"},
        {"role": "user", "content": "b"},
    ]


async def test_error_in_a_turn(serve: Any, agent: Any) -> None:
    """A conversation ends where a turn fails; the message says which, earlier replies are kept."""

    async def handler(request: web.Request) -> web.Response:
        return web.Response(status=500) if len(server.seen) == 2 else web.Response(text="ok")

    server = await serve(handler)
    outcome = await agent(server.url, session={"header": "sid"}).send(Request(("a", "b", "c")))
    assert outcome.error.message == "turn 2 of 3: the agent answered 500 Internal Server Error"
    assert (outcome.replies, outcome.status, len(server.seen)) == (("ok",), 500, 2)


async def test_cookies_do_not_leak_between_trials(serve: Any, agent: Any) -> None:
    """What one trial's answer sets is not sent with the next trial."""

    async def handler(request: web.Request) -> web.Response:
        response = web.Response(text=str(dict(request.cookies)))
        response.set_cookie("a", "1")
        return response

    # By name: cookie jars take nothing from bare addresses, so those would prove nothing.
    made = agent((await serve(handler)).url.replace("127.0.0.1", "localhost"))
    assert [(await made.send(Request(("x",)))).reply for _ in range(2)] == ["{}", "{}"]


async def test_streamed_reply_comes_before_the_end(serve: Any, agent: Any) -> None:
    """The end mark ends the reply, but the agent may finish what it does after it."""
    finished = asyncio.Event()

    async def handler(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        await response.write(b'data: {"token": "hi"}\n\ndata: [DONE]\n\n')
        for _ in range(20):
            await asyncio.sleep(0)
        finished.set()
        return response

    outcome = await agent((await serve(handler)).url).send(Request(("x",)))
    assert outcome.reply == "hi"
    assert outcome.first_byte_ms is not None
    assert finished.is_set()


async def test_many_at_once(serve: Any, agent: Any) -> None:
    """Concurrent requests do not mix: each gets its own reply."""
    made = agent((await serve(echo)).url, request_template='{"q": "{prompt}"}')
    outcomes = await asyncio.gather(*(made.send(Request((f"n{n}",))) for n in range(200)))
    assert [outcome.reply for outcome in outcomes] == [f"re: n{n}" for n in range(200)]


async def test_registered() -> None:
    """The kinds are found by the names that the configuration uses."""
    import flakestorm.agents.builtin

    assert flakestorm.agents.builtin.http
    assert {"http", "openai"} <= set(agent_kinds)
