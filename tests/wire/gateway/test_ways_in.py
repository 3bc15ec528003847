"""The ways into the gateway: its paths, the forward proxy, CONNECT; and what is refused at the door."""

from __future__ import annotations

import asyncio
import json
import socket
from typing import Any

import pytest

from flakestorm.chaos.config import GatewayConfig
from flakestorm.chaos.gateway.gateway import Gateway
from flakestorm.chaos.traffic import Traffic
from flakestorm.model.errors import WorkError

END = b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
TOOLS = {
    "shop": {
        "upstream": "/api",
        "env": "SHOP_URL",
        "names": {"orders": "/orders/*", "refund": "POST /refund"},
    },
    "find it": {"upstream": ""},
}


async def echo(exchanged: Any) -> None:
    """An upstream that answers with the request's target."""
    body = exchanged.target.encode()
    await exchanged.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))


def error(answer: bytes) -> str:
    """The message of an answer that the gateway itself gave."""
    message: str = json.loads(answer.partition(b"\r\n\r\n")[2])["error"]["message"]
    return message


@pytest.mark.parametrize(
    ("target", "arrives", "kind", "name"),
    [
        ("/openai/models", "/v1/models", "http", "127.0.0.1"),
        ("/openai/v1/models?a=b", "/v1/models?a=b", "http", "127.0.0.1"),
        ("/tool/shop/orders/17", "/api/orders/17", "tool", "orders"),
        ("/tool/shop/refund", "/api/refund", "tool", "shop"),
        ("/tool/find%20it/deep/search/a1?q=x", "/deep/search/a1?q=x", "tool", "search"),
        ("/tool/find%20it", "/", "tool", "find it"),
    ],
)
async def test_paths(setting: Any, target: str, arrives: str, kind: str, name: str) -> None:
    """Each path leads where it should, and the call has the right name."""
    made = await setting(echo, tools=TOOLS)
    answer = await made.ask(b"GET " + target.encode() + END)
    assert answer.endswith(b"\r\n\r\n" + arrives.encode())
    (call,) = made.traffic.calls()
    assert (call.kind, call.name, call.method) == (kind, name, "GET")
    assert call.url == made.upstream.url + arrives.removesuffix("/" if target.endswith("it") else "")


async def test_llm_calls(setting: Any, post: Any) -> None:
    """The provider and the model are recognised, whichever way the call came."""
    made = await setting(echo, tools={})
    body = b'{"model": "big", "stream": true}'
    for path in ("/openai/chat/completions", "/anthropic/v1/messages", f"{made.upstream.url}/v1/responses"):
        await made.ask(post(path, body))
    assert [(request.provider, request.name, request.stream) for request in made.faults.requests] == [
        ("openai", "big", True),
        ("anthropic", "big", True),
        ("responses", "big", True),
    ]


async def test_unknown_paths(setting: Any) -> None:
    """404, with the nearest route and what there is."""
    made = await setting(echo, tools=TOOLS)
    for target, message in {
        "/opnai/x": "no route for '/opnai', did you mean '/openai'? Routes: /openai, /anthropic",
        "/": "no route for '/'. Routes: ",
        "/tool/shp/x": "no tool 'shp' is configured, did you mean 'shop'? Configured: find it, shop",
        "ftp://x/y": "'ftp://x/y' is neither a path nor an http address",
    }.items():
        answer = await made.ask(b"GET " + target.encode() + END)
        assert answer.startswith(b"HTTP/1.1 404 Not Found\r\n")
        assert message in error(answer)
    assert made.traffic.seen == 0


async def test_forward_proxy(setting: Any) -> None:
    """Absolute addresses: of a tool, of something else, and of the gateway itself."""
    made = await setting(echo, tools=TOOLS)
    for url in (f"{made.upstream.url}/api/orders/1", f"{made.gateway.addresses[0]}/openai/models"):
        assert (await made.ask(b"GET " + url.encode() + END)).startswith(b"HTTP/1.1 200 OK\r\n")
    assert [seen.target for seen in made.upstream.seen] == ["/api/orders/1", "/v1/models"]
    assert [(call.kind, call.name) for call in made.traffic.calls()] == [
        ("tool", "orders"),
        ("http", "127.0.0.1"),
    ]


async def test_connect(setting: Any) -> None:
    """Bytes in both directions, in any order; the call is the tool's whose address it is."""
    made = await setting(echo, tools={"shop": {"upstream": ""}})

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(1 << 16):
            writer.write(data[::-1])
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    host = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    caller = await made.connect()
    await caller.send(f"CONNECT {host} HTTP/1.1\r\nHost: {host}\r\n\r\nearly".encode())
    assert (await caller.until(b"\r\n\r\n")).startswith(b"HTTP/1.1 200 ")
    assert await caller.until(b"ylrae") == b"ylrae"
    large = b"y" * (2 << 20)
    sending = asyncio.ensure_future(caller.send(b"x" + large))
    got = b""
    while len(got) <= len(large):
        got += await asyncio.wait_for(caller.reader.read(1 << 16), 20)
    await sending
    assert got.count(b"y") == len(large)
    assert got.count(b"x") == 1
    caller.writer.close()
    (call,) = await made.closed_calls()
    assert (call.kind, call.name, call.method, call.url) == (
        "http",
        "127.0.0.1",
        "CONNECT",
        f"https://{host}",
    )
    server.close()


async def test_connect_to_a_slow_server(setting: Any) -> None:
    """What the server does not take, the caller cannot send; nothing is lost."""
    made = await setting(echo)
    take = asyncio.Event()
    taken: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await take.wait()
        size = 0
        while data := await reader.read(1 << 16):
            size += len(data)
        taken.set_result(size)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, limit=1 << 12)
    host = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    caller = await made.connect()
    await caller.send(f"CONNECT {host} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
    await caller.until(b"\r\n\r\n")
    caller.writer.write(b"x" * (32 << 20))
    done, _ = await asyncio.wait({asyncio.ensure_future(caller.writer.drain())}, timeout=0.5)
    assert not done
    take.set()
    caller.writer.transport.set_write_buffer_limits(0)
    await caller.writer.drain()
    caller.writer.close()
    # What was on its way when the caller ended the connection may be cut off with it.
    assert await asyncio.wait_for(taken, 20) > 24 << 20
    server.close()


async def test_connect_ends_with_the_upstream(setting: Any) -> None:
    """Where the other side ends the connection, so does the gateway."""
    made = await setting(echo)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"bye")
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    host = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    answer = await made.ask(f"CONNECT {host} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
    assert answer.endswith(b"\r\n\r\nbye")
    (call,) = await made.closed_calls()
    assert (call.ended, call.status) == ("", 200)
    server.close()


async def test_connect_that_cannot_be(setting: Any, free_port: int) -> None:
    """Nothing there, or no host and port: an explanation instead of a tunnel."""
    made = await setting(echo)
    answer = await made.ask(f"CONNECT 127.0.0.1:{free_port} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    assert answer.startswith(b"HTTP/1.1 502 ")
    assert f"no connection to 127.0.0.1:{free_port}" in error(answer)
    answer = await made.ask(b"CONNECT nowhere HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert not answer.startswith(b"HTTP/1.1 200")


async def test_connect_can_be_reset(setting: Any) -> None:
    """Connection faults act on tunnels."""
    made = await setting(echo, connection="reset")
    with pytest.raises(ConnectionResetError):
        await made.ask(b"CONNECT 127.0.0.1:9 HTTP/1.1\r\nHost: x\r\n\r\n")
    (call,) = await made.closed_calls()
    assert (call.ended, call.status) == ("reset", None)


@pytest.fixture
def free_port() -> int:
    """A port at which nothing listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
    return port


async def test_upstream_down(free_port: int, post: Any) -> None:
    """A 502 that says what is missing, where, and what to do; no injected fault."""
    config = GatewayConfig(upstreams={"openai": f"http://127.0.0.1:{free_port}/v1"})
    traffic = Traffic("t")
    async with Gateway(config, surroundings={}) as gateway:
        gateway.enter(traffic)
        host, port = gateway.addresses[0].removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(post())
        answer = await reader.read()
        writer.close()
    assert answer.startswith(b"HTTP/1.1 502 Bad Gateway\r\n")
    assert error(answer) == (
        f"flakestorm's gateway could not pass this call on: no connection to http://127.0.0.1:{free_port}: "
        "Connection refused (chaos.gateway.upstreams.openai says where it is). "
        "This is no injected fault: start the upstream, or correct its address."
    )
    (call,) = traffic.calls()
    assert (call.ended, call.status, call.fired) == ("unreachable", 502, ())


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (b"", "closed the connection without an answer"),
        (b"SSH-2.0-OpenSSH_9.6\r\n\r\n", "answered is not HTTP"),
    ],
)
async def test_upstreams_that_do_not_answer(setting: Any, post: Any, answer: bytes, message: str) -> None:
    """Whatever is wrong with the upstream is said in the answer."""

    async def script(exchanged: Any) -> None:
        await exchanged.write(answer)
        exchanged.writer.close()

    made = await setting(script)
    got = await made.ask(post())
    assert got.startswith(b"HTTP/1.1 502 ")
    assert message in error(got)


async def test_a_connection_that_went_stale(setting: Any, post: Any) -> None:
    """An LLM call goes out again when the kept connection has just ended; a tool call never does."""
    answered = 0

    async def script(exchanged: Any) -> None:
        nonlocal answered
        answered += 1
        if answered % 2 == 0:
            exchanged.writer.close()
            return
        await echo(exchanged)

    made = await setting(script, tools=TOOLS)
    for _ in range(2):
        assert (await made.ask(post())).endswith(b"/v1/chat/completions")
    assert len(made.upstream.seen) == 3
    assert (await made.ask(post("/tool/shop/refund"))).startswith(b"HTTP/1.1 502 ")
    assert len(made.upstream.seen) == 4


async def test_an_upstream_that_stops_answering(setting: Any, post: Any) -> None:
    """Where the second attempt fails, too, that is the answer; there is no third."""
    made: Any = None

    async def script(exchanged: Any) -> None:
        if len(made.upstream.seen) > 1:
            exchanged.writer.close()
            return
        await echo(exchanged)

    made = await setting(script)
    assert (await made.ask(post())).endswith(b"/v1/chat/completions")
    assert (await made.ask(post())).startswith(b"HTTP/1.1 502 ")
    assert len(made.upstream.seen) == 3


@pytest.mark.parametrize("chunked", [False, True])
async def test_a_body_larger_than_the_limit(setting: Any, post: Any, chunked: bool) -> None:
    """413 that names the setting, on a connection that is then closed; nothing is passed on."""
    made = await setting(echo, limit=1000)
    if chunked:
        head = b"POST /openai/x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
        data = head + b"3e9\r\n" + b"x" * 1001 + b"\r\n0\r\n\r\n"
    else:
        data = post(body=b"x" * 1001, close=False)
    answer = await made.ask(data)
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert "more than 1000 bytes (chaos.gateway.max_request_bytes)" in error(answer)
    assert made.upstream.seen == []
    assert made.traffic.seen == 0


async def test_websockets_are_refused(setting: Any) -> None:
    """501 with the reason."""
    made = await setting(echo)
    answer = await made.ask(
        b"GET /openai/realtime HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, close\r\nUpgrade: websocket\r\n"
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    assert answer.startswith(b"HTTP/1.1 501 ")
    assert "WebSockets" in error(answer)


async def test_what_is_not_http(setting: Any) -> None:
    """It is answered with 400, and the gateway goes on."""
    made = await setting(echo)
    assert (await made.ask(b"hello\r\n\r\n")).startswith(b"HTTP/1.0 400 ")
    assert (await made.ask(b"GET /openai/models" + END)).startswith(b"HTTP/1.1 200 ")


async def test_a_port_that_is_taken() -> None:
    """What failed, where, and what to do; lanes that were opened before it are closed again."""
    config = GatewayConfig()
    async with Gateway(config, surroundings={}) as gateway:
        port = int(gateway.addresses[0].rpartition(":")[2])
        with pytest.raises(WorkError, match=f"cannot listen on port {port} of 127.0.0.1: it is in use"):
            await Gateway(config, 2, port, surroundings={}).__aenter__()
    with pytest.raises(WorkError, match="this machine does not have that address"):
        await Gateway(config, host="203.0.113.1", surroundings={}).__aenter__()


async def test_a_proxy_is_used_where_the_surroundings_name_one(setting: Any) -> None:
    """The upstream may be reachable through a proxy only; the gateway never takes itself for it."""
    made = await setting(echo)
    config = GatewayConfig(upstreams={"openai": "http://api.invalid/v1"})
    surroundings = {"http_proxy": made.upstream.url, "no_proxy": "localhost"}
    async with Gateway(config, surroundings=surroundings) as gateway:
        host, port = gateway.addresses[0].removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(b"GET /openai/models" + END)
        assert (await reader.read()).endswith(b"\r\n\r\nhttp://api.invalid/v1/models")
        writer.close()
