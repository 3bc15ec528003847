"""What passes through the hooks stays what it was: compressed, streamed, bodiless, failing by itself."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator, Callable
from typing import Any

import aiohttp
import httpx
import pytest
import requests
import urllib3
from aiohttp import web

from flakestorm.chaos.effect import Answer, Effect
from flakestorm.chaos.inprocess.reach import Reach


async def _echo(request: web.Request) -> web.Response:
    return web.Response(body=await request.read(), headers={"X-Method": request.method})


async def _zipped(_request: web.Request) -> web.Response:
    return web.Response(
        body=gzip.compress(b'{"packed": true}'),
        headers={"Content-Encoding": "gzip", "Content-Type": "application/json"},
    )


async def _stream(request: web.Request) -> web.StreamResponse:
    answer = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
    await answer.prepare(request)
    for number in range(3):
        await answer.write(f"data: {number}\n\n".encode())
    if "break" in request.query:
        assert request.transport is not None
        request.transport.abort()
    return answer


async def _cookie(_request: web.Request) -> web.Response:
    answer = web.Response(text="sweet")
    answer.set_cookie("a", "1")
    answer.set_cookie("b", "2")
    return answer


async def _socket(request: web.Request) -> web.WebSocketResponse:
    talk = web.WebSocketResponse()
    await talk.prepare(request)
    await talk.send_str(await talk.receive_str())
    await talk.close()
    return talk


async def _moved(_request: web.Request) -> web.Response:
    raise web.HTTPFound("/cookie")


async def _empty(_request: web.Request) -> web.Response:
    return web.Response(status=204)


async def _old(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """HTTP/1.0: the end of the connection is the end of the body."""
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.0 200 OK\r\n\r\nold times")
    await writer.drain()
    writer.close()


@pytest.fixture
async def url() -> AsyncIterator[str]:
    """Where the server is."""
    app = web.Application()
    app.router.add_route("*", "/echo", _echo)
    for name, handler in {
        "zipped": _zipped,
        "stream": _stream,
        "cookie": _cookie,
        "socket": _socket,
        "moved": _moved,
        "empty": _empty,
    }.items():
        app.router.add_get(f"/{name}", handler)
    runner = web.AppRunner(app, shutdown_timeout=1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


Got = tuple[int, dict[str, str], bytes]


def _httpx(method: str, url: str, body: bytes) -> Got:
    answer = httpx.request(method, url, content=body, follow_redirects=True)
    return answer.status_code, dict(answer.headers), answer.content


async def _httpx_async(method: str, url: str, body: bytes) -> Got:
    async with httpx.AsyncClient(follow_redirects=True) as client:
        answer = await client.request(method, url, content=body)
    return answer.status_code, dict(answer.headers), answer.content


async def _aiohttp(method: str, url: str, body: bytes) -> Got:
    async with aiohttp.ClientSession() as session, session.request(method, url, data=body) as answer:
        return (
            answer.status,
            {name.lower(): text for name, text in answer.headers.items()},
            await answer.read(),
        )


def _requests(method: str, url: str, body: bytes) -> Got:
    answer = requests.request(method, url, data=body, timeout=5)
    return answer.status_code, {name.lower(): text for name, text in answer.headers.items()}, answer.content


def _urllib3(method: str, url: str, body: bytes) -> Got:
    with urllib3.PoolManager(maxsize=1, block=True) as pool:
        answer = pool.request(method, url, body=body.decode() if body else None)
        return answer.status, {name.lower(): text for name, text in answer.headers.items()}, answer.data


CLIENTS = [_httpx, _httpx_async, _aiohttp, _requests, _urllib3]
EVERY_CLIENT = pytest.mark.parametrize("client", CLIENTS, ids=lambda client: client.__name__.strip("_"))


async def _ask(client: Callable[..., Any], method: str, url: str, body: bytes = b"") -> Got:
    if asyncio.iscoroutinefunction(client):
        return await client(method, url, body)
    return await asyncio.to_thread(client, method, url, body)


@EVERY_CLIENT
@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/echo", b"hello"),
        ("HEAD", "/echo", b""),
        ("GET", "/empty", b""),
        ("GET", "/zipped", b""),
        ("GET", "/stream", b""),
        ("GET", "/moved", b""),
    ],
)
async def test_answer_is_the_same(
    client: Callable[..., Any],
    method: str,
    path: str,
    body: bytes,
    url: str,
    reach: Reach,
    trial: Callable[..., Any],
) -> None:
    """Status, headers and content are those of a call outside of trials, even where a fault looks."""
    direct = await _ask(client, method, url + path, body)
    rewritten = Effect((), rewrite=lambda answer: Answer(answer.status, answer.headers, answer.body))
    for effect in (Effect(), rewritten):
        with trial(effect) as traffic:
            status, headers, content = await _ask(client, method, url + path, body)
        assert (status, content) == (direct[0], direct[2])
        # Decompressed on the way, so the coding and the length of the packed body are gone.
        gone = set(direct[1]) - set(headers)
        assert gone <= {"content-encoding", "content-length", "transfer-encoding"}
        assert path in ("/zipped", "/stream") or effect is rewritten or not gone
        assert all(call.ended == "" for call in traffic.calls())
        assert len(traffic.calls()) == (2 if path == "/moved" else 1)
        assert traffic.calls()[-1].received == content.decode()


@EVERY_CLIENT
async def test_request_is_changed(
    client: Callable[..., Any], url: str, reach: Reach, trial: Callable[..., Any]
) -> None:
    """The upstream gets another body, of another length; the noted call is the agent's own."""
    with trial(Effect(("memory_poisoning",), request=lambda body: b"bad " + body)) as traffic:
        _, _, content = await _ask(client, "POST", f"{url}/echo", b"words")
    assert content == b"bad words"
    assert traffic._faults.requests[0].body == b"words"


@EVERY_CLIENT
async def test_real_failures_are_noted(
    client: Callable[..., Any], url: str, reach: Reach, trial: Callable[..., Any]
) -> None:
    """An upstream that breaks off, or is not there, without any fault of ours."""
    with trial() as traffic:
        for target in (f"{url}/stream?break=1", "http://127.0.0.1:1/"):
            with pytest.raises((httpx.HTTPError, aiohttp.ClientError, OSError, urllib3.exceptions.HTTPError)):
                await _ask(client, "POST" if target.endswith("1/") else "GET", target)
    assert {call.ended for call in traffic.calls()} == {"cut", "unreachable"}


async def test_body_that_ends_with_the_connection(reach: Reach, trial: Callable[..., Any]) -> None:
    """Without a length and without chunks."""
    server = await asyncio.start_server(_old, "127.0.0.1", 0)
    async with server:
        old = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        for client in CLIENTS:
            with trial() as traffic:
                assert (await _ask(client, "GET", old))[2] == b"old times"
            assert traffic.calls()[0].ended == ""


async def test_early_leave_is_noted(url: str, reach: Reach, trial: Callable[..., Any]) -> None:
    """A client that closes a stream before its end."""
    with trial() as traffic:
        async with aiohttp.ClientSession() as session, session.get(f"{url}/stream") as answer:
            assert await answer.content.readline() == b"data: 0\n"
        async with httpx.AsyncClient() as web_client, web_client.stream("GET", f"{url}/stream") as streamed:
            assert streamed.status_code == 200

        def leave() -> None:
            with httpx.stream("GET", f"{url}/stream") as blocking:
                assert blocking.status_code == 200
            with requests.get(f"{url}/stream", stream=True, timeout=5) as lazy:
                assert next(lazy.iter_lines()) == b"data: 0"

        await asyncio.to_thread(leave)
    assert [call.ended for call in traffic.calls()] == ["left"] * 4


async def test_lines_without_a_last_line_end(url: str, reach: Reach, trial: Callable[..., Any]) -> None:
    """A reader of lines gets the rest, and then the end."""
    with trial():
        async with aiohttp.ClientSession() as session, session.post(f"{url}/echo", data=b"a\nb") as answer:
            assert [line async for line in answer.content] == [b"a\n", b"b"]
            assert answer.content.at_eof()


async def test_aiohttp_extras(url: str, reach: Reach, trial: Callable[..., Any]) -> None:
    """Cookies, made-up cookies, WebSockets, other middlewares, forms, and statuses that nobody has named."""
    order = []
    jar = aiohttp.CookieJar(unsafe=True)

    async def middleware(request: aiohttp.ClientRequest, handler: Any) -> aiohttp.ClientResponse:
        order.append(request.url.path)
        return await handler(request)

    async with aiohttp.ClientSession(middlewares=(middleware,), cookie_jar=jar) as session:
        with trial() as traffic:
            assert await (await session.get(f"{url}/cookie")).text() == "sweet"
            talk = await session.ws_connect(f"{url}/socket")
            await talk.send_str("hi")
            assert await talk.receive_str() == "hi"
            await talk.close()
            form = aiohttp.FormData({"a": "b"})
            form.add_field("file", b"x", filename="f")
            assert b'name="a"' in await (await session.post(f"{url}/echo", data=form)).read()
        assert [call.status for call in traffic.calls()] == [200, 101, 200]
        assert order == ["/cookie", "/socket", "/echo"]
        assert {cookie.key for cookie in session.cookie_jar} == {"a", "b"}
        strange = Answer(599, (("Set-Cookie", "c=3"),), b"odd")
        with trial(Effect(("f",), answer=strange)):
            answer = await session.get(f"{url}/cookie")
        assert (answer.status, answer.reason, await answer.read()) == (599, "", b"odd")
        assert {cookie.key for cookie in session.cookie_jar} == {"a", "b", "c"}


def test_urllib3_retries_by_itself(reach: Reach, trial: Callable[..., Any]) -> None:
    """Its retries see statuses and lost connections, and each try is a call; the pool is not used up."""
    down = Answer(503, (("Retry-After", "0"),), b"")
    retries = urllib3.Retry(2, status_forcelist=[503], backoff_factor=0)
    with urllib3.PoolManager(maxsize=1, block=True, retries=retries) as pool:
        for effect in (Effect(("f",), answer=down), Effect(("f",), connection="refused")):
            with trial(effect) as traffic, pytest.raises(urllib3.exceptions.MaxRetryError):
                pool.request("GET", "http://127.0.0.1:1/")
            assert len(traffic.calls()) == 3


def test_url_through_a_proxy(reach: Reach, trial: Callable[..., Any]) -> None:
    """A proxy gets the whole URL, and that is where the call goes."""
    with (
        urllib3.ProxyManager("http://127.0.0.1:1") as proxy,
        trial(Effect(("f",), answer=Answer(200, (), b"ok"))) as traffic,
    ):
        assert proxy.request("GET", "http://shop.example/a", preload_content=False).read() == b"ok"
    assert traffic.calls()[0].url == "http://shop.example/a"
