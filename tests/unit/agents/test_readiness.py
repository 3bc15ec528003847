"""Readiness: what counts as an answer, and when asking ends."""

from __future__ import annotations

import asyncio

import pytest

from flakestorm.agents.readiness import await_ready, port_accepts, url_answers


async def server(status: bytes) -> asyncio.Server:
    """A server that answers everything with ``status``."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if await reader.readline():
            writer.write(b"HTTP/1.1 " + status + b"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            await writer.drain()
        writer.close()

    return await asyncio.start_server(handle, "127.0.0.1", 0)


@pytest.mark.parametrize(
    ("status", "seen"),
    [(b"200 OK", ""), (b"404 Not Found", ""), (b"307 Away", ""), (b"503 Busy", "answered 503")],
)
async def test_what_counts_as_an_answer(status: bytes, seen: str) -> None:
    """Everything below 500 does; and a port that accepts is ready without any answer."""
    listening = await server(status)
    port = listening.sockets[0].getsockname()[1]
    url = f"http://127.0.0.1:{port}/health"
    assert await url_answers(url) == (f"GET {url} {seen}" if seen else "")
    assert await port_accepts(port) == ""
    listening.close()
    await listening.wait_closed()
    assert await port_accepts(port) == f"nothing accepts connections at port {port}"
    assert (await url_answers(url)).startswith(f"GET {url} failed: ")


class Probe:
    """Answers from a list, the last one for ever."""

    def __init__(self, *answers: str) -> None:
        self.answers = list(answers)
        self.asked = 0

    async def __call__(self) -> str:
        """The next answer."""
        self.asked += 1
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


async def test_asking_goes_on_until_ready() -> None:
    """Answers that are not ready are asked for again."""
    ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    probe = Probe("not yet", "still not", "")
    assert await await_ready(probe, ended, 30) == ""
    assert probe.asked == 3


async def test_asking_ends_with_the_process_or_the_time() -> None:
    """What was seen last is returned."""
    ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    assert await await_ready(Probe("never"), ended, 0.05) == "never"
    ended.set_result(1)
    probe = Probe("never")
    assert await await_ready(probe, ended, 30) == "never"
    assert probe.asked == 1
