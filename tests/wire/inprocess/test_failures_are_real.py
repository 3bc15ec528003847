"""An injected failure raises exactly what the library raises when a server really fails in that way."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncIterator, Callable
from time import perf_counter
from typing import Any

import aiohttp
import httpx
import httpx2
import pytest
import requests

from flakestorm.chaos.effect import Answer, Effect, Ending, Step
from flakestorm.chaos.inprocess.reach import Reach

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"


async def _serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Fails as the path of the request says."""
    head = await reader.readuntil(b"\r\n\r\n")
    way = head.split(b" ")[1].strip(b"/").decode()
    broken = {
        "short": HEAD + b"Content-Length: 99\r\n\r\nhello",
        "bad_chunk": CHUNKED + b"zz\r\n",
        "cut": CHUNKED,
        "body_hang": CHUNKED,
        "fine": HEAD + b"Content-Length: 5\r\n\r\nhello",
    }
    writer.write(broken.get(way, b""))
    await writer.drain()
    if way in ("hang", "body_hang"):
        await reader.read()
    if way in ("reset", "cut"):
        sock: socket.socket = writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()


@pytest.fixture
async def url() -> AsyncIterator[str]:
    """Where the server is."""
    server = await asyncio.start_server(_serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


def _httpx(url: str, timeout: float) -> str:
    return httpx.get(url, timeout=timeout).text


def _httpx2(url: str, timeout: float) -> str:
    return httpx2.get(url, timeout=timeout).text


async def _httpx_async(url: str, timeout: float) -> str:
    async with httpx.AsyncClient(timeout=timeout) as client:
        return (await client.get(url)).text


async def _httpx2_async(url: str, timeout: float) -> str:
    async with httpx2.AsyncClient(timeout=timeout) as client:
        return (await client.get(url)).text


async def _aiohttp(url: str, timeout: float) -> str:
    limit = aiohttp.ClientTimeout(total=None, sock_read=timeout)
    # A POST, because aiohttp silently repeats a GET whose connection was lost.
    async with aiohttp.ClientSession(timeout=limit) as session, session.post(url) as answer:
        return await answer.text()


async def _aiohttp_total(url: str, timeout: float) -> str:
    limit = aiohttp.ClientTimeout(total=timeout)
    async with aiohttp.ClientSession() as session, session.post(url, timeout=limit) as answer:
        return await answer.text()


def _requests(url: str, timeout: float) -> str:
    return requests.get(url, timeout=timeout).text


CLIENTS = [_httpx, _httpx2, _httpx_async, _httpx2_async, _aiohttp, _aiohttp_total, _requests]


class Ended:
    """Lets the first piece through, and ends."""

    def __init__(self, ending: Ending) -> None:
        self._ending = ending

    def feed(self, data: bytes) -> list[Step]:
        """The piece, and the end."""
        return [data, self._ending]

    def finish(self) -> list[Step]:
        """There is no more."""
        return []


FAILURES: dict[str, tuple[str, Effect, str]] = {
    "reset": ("reset", Effect(("f",), connection="reset"), "reset"),
    "closed": ("closed", Effect(("f",), connection="hang", hang_ms=1), "hung"),
    "hang": ("hang", Effect(("f",), connection="hang", hang_ms=60_000), "left"),
    "cut": ("cut", Effect(("f",), shaper=lambda: Ended(Ending.RESET)), "reset"),
    "body_hang": ("body_hang", Effect(("f",), shaper=lambda: Ended(Ending.HANG)), "left"),
    "short": ("short", Effect(("f",), framing="wrong_length"), "cut"),
    "bad_chunk": ("bad_chunk", Effect(("f",), framing="bad_chunk"), "cut"),
    "lost": ("reset", Effect(("f",), lost=True), "reset"),
    "refused": ("refused", Effect(("f",), connection="refused"), "unreachable"),
}


async def _raised(client: Callable[..., Any], url: str, timeout: float = 5.0) -> BaseException:
    try:
        if asyncio.iscoroutinefunction(client):
            got = await client(url, timeout)
        else:
            got = await asyncio.to_thread(client, url, timeout)
    except Exception as error:  # noqa: BLE001 - which one it is, is the question
        return error
    raise AssertionError(f"no failure, but {got!r}")


def _closed_port() -> str:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{sock.getsockname()[1]}"


PAIRS = [
    pytest.param(client, failure, id=f"{client.__name__.strip('_')}-{failure}")
    for client in CLIENTS
    for failure in FAILURES
    # aiohttp is silent until its timeout when a real chunk is bad; see the test below.
    if (client, failure) not in {(_aiohttp, "bad_chunk"), (_aiohttp_total, "bad_chunk")}
]


@pytest.mark.parametrize(("client", "failure"), PAIRS)
async def test_failure_is_the_real_one(
    client: Callable[..., Any], failure: str, url: str, reach: Reach, trial: Callable[..., Any]
) -> None:
    """The class of the exception, and of its cause where the library has one, is the same."""
    way, effect, ended = FAILURES[failure]
    timeout = 0.2 if "hang" in failure else 5.0
    real = await _raised(client, _closed_port() if way == "refused" else f"{url}/{way}", timeout)
    before = perf_counter()

    with trial(effect) as traffic:
        injected = await _raised(client, f"{url}/fine", timeout)

    assert perf_counter() - before < 4
    assert type(injected) is type(real)
    assert type(injected.args[0] if injected.args else None) is type(real.args[0] if real.args else None)
    [call] = traffic.calls()
    assert (call.fired, call.ended) == (("f",), ended)


async def test_aiohttp_is_told_of_a_bad_chunk(url: str, reach: Reach, trial: Callable[..., Any]) -> None:
    """It gets the exception that aiohttp documents for a body with a broken frame."""
    with trial(FAILURES["bad_chunk"][1]):
        injected = await _raised(_aiohttp, f"{url}/fine")

    assert type(injected) is aiohttp.ClientPayloadError


@pytest.mark.parametrize("client", CLIENTS, ids=lambda client: client.__name__.strip("_"))
async def test_answers_are_given_changed_and_ended(
    client: Callable[..., Any], url: str, reach: Reach, trial: Callable[..., Any]
) -> None:
    """A made-up answer, a changed one and one that ends early come as ordinary answers."""

    async def got(effect: Effect) -> str:
        with trial(effect) as traffic:
            said = (
                await client(f"{url}/fine", 5.0)
                if asyncio.iscoroutinefunction(client)
                else await asyncio.to_thread(client, f"{url}/fine", 5.0)
            )
        [call] = traffic.calls()
        assert (call.received, call.ended) == (said, "")
        return said

    made_up = Answer(503, (("content-type", "text/html"), ("set-cookie", "a=b")), b"<p>down</p>")
    changed = Effect(("f",), rewrite=lambda answer: Answer(answer.status, answer.headers, answer.body * 3))
    assert await got(Effect(("f",), answer=made_up)) == "<p>down</p>"
    assert await got(changed) == "hellohellohello"
    assert await got(Effect(("f",), shaper=lambda: Ended(Ending.CLEAN))) == "hello"
    assert await got(Effect(("f",), delay_ms=1)) == "hello"
    assert await got(Effect()) == "hello"
