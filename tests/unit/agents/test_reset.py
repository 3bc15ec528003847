"""Resets: functions that are called, URLs that are posted to, and what is said when that fails."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from flakestorm.agents.config import AgentConfig
from flakestorm.agents.reset import Reset, call_reset, load_reset_function
from flakestorm.model.errors import UsageError, WorkError

called: list[str] = []


def plain() -> None:
    """A plain reset function."""
    called.append("plain")


async def coroutine() -> None:
    """An async reset function."""
    called.append("async")


def hidden() -> object:
    """A plain function that returns something to await."""
    return coroutine()


@pytest.mark.parametrize(("function", "word"), [(plain, "plain"), (coroutine, "async"), (hidden, "async")])
async def test_functions_are_called(function: Callable[[], object], word: str) -> None:
    """Plain and async functions both work."""
    called.clear()
    await call_reset(function, 20)
    assert called == [word]


async def test_function_that_raises() -> None:
    """The exception is told with its place."""

    def fail() -> None:
        raise LookupError("no database")

    with pytest.raises(WorkError, match=r"reset_function raised LookupError: no database\n(.|\n)*in fail"):
        await call_reset(fail, 20)


async def test_function_that_exits() -> None:
    """``sys.exit`` is no end of flakestorm."""
    with pytest.raises(WorkError, match="SystemExit: 1"):
        await call_reset(lambda: sys.exit(1), 20)


async def test_function_that_hangs() -> None:
    """The time is limited."""
    release = threading.Event()
    with pytest.raises(WorkError, match=r"did not return within 0\.02 s"):
        await call_reset(release.wait, 0.02)
    release.set()


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A module ``fs_reset_app`` in the current directory."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    (tmp_path / "fs_reset_app.py").write_text("count = 0\ndef reset():\n    global count\n    count += 1\n")
    yield
    sys.modules.pop("fs_reset_app", None)


@pytest.mark.usefixtures("module")
async def test_configured_function() -> None:
    """The function of the configuration is loaded once and called on each reset."""
    reset = Reset(AgentConfig(type="command", command=["cat"], reset_function="fs_reset_app:reset"))
    await reset()
    await reset()
    assert sys.modules["fs_reset_app"].count == 2


@pytest.mark.usefixtures("module")
def test_configured_function_that_is_none() -> None:
    """Something that cannot be called is refused at once."""
    config = AgentConfig(type="command", command=["cat"], reset_function="fs_reset_app:count")
    with pytest.raises(UsageError, match="'fs_reset_app:count' is int, which cannot be called"):
        load_reset_function(config)


async def test_nothing_configured() -> None:
    """Then a reset is nothing."""
    await Reset(AgentConfig(type="command", command=["cat"]))()


def test_path_without_a_host() -> None:
    """A path needs a host, which only HTTP agents have."""
    config = AgentConfig(type="command", command=["cat"], reset_endpoint="/reset")
    with pytest.raises(UsageError, match=r"Write the whole URL, e\.g\. http://localhost:8000/reset"):
        Reset(config)


async def answer(status: bytes, requests: list[bytes]) -> asyncio.Server:
    """A server that answers every request with ``status``."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        requests.append(await reader.readuntil(b"\r\n"))
        writer.write(b"HTTP/1.1 " + status + b"\r\nContent-Length: 4\r\nConnection: close\r\n\r\nbody")
        await writer.drain()
        writer.close()

    return await asyncio.start_server(handle, "127.0.0.1", 0)


@pytest.mark.parametrize("status", [b"200 OK", b"500 Broken"])
async def test_configured_url(status: bytes) -> None:
    """The URL is posted to, and anything but 2xx is an error."""
    requests: list[bytes] = []
    server = await answer(status, requests)
    port = server.sockets[0].getsockname()[1]
    reset = Reset(
        AgentConfig(type="command", command=["cat"], reset_endpoint=f"http://127.0.0.1:{port}/reset")
    )
    if status == b"200 OK":
        await reset()
    else:
        with pytest.raises(WorkError, match=r"/reset answered 500 body\. A reset must answer 2xx"):
            await reset()
    server.close()
    await server.wait_closed()
    assert requests == [b"POST /reset HTTP/1.1\r\n"]


async def test_configured_url_that_nobody_answers() -> None:
    """A refused connection is told with the URL."""
    server = await answer(b"200 OK", [])
    port = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    config = AgentConfig(type="command", command=["cat"], reset_endpoint=f"http://127.0.0.1:{port}/reset")
    with pytest.raises(WorkError, match=r"/reset failed: .*Connect"):
        await Reset(config)()
