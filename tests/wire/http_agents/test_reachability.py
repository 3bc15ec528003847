"""Preflight and reset of HTTP agents, on real sockets."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import pytest
from aiohttp import web
from yarl import URL

from flakestorm.agents import reachability
from flakestorm.agents.reachability import check_reachable
from flakestorm.model.errors import AgentUnreachable, WorkError


async def ok(request: web.Request) -> web.Response:
    """Answer everything with 200."""
    return web.Response(text="ok")


async def test_reachable(serve: Any, agent: Any) -> None:
    """A listening server passes, and sees no request."""
    server = await serve(ok)
    await agent(server.url).preflight()
    assert server.seen == []


async def test_refused(agent: Any) -> None:
    """The message says what was tried, where that comes from, and what to do."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with pytest.raises(AgentUnreachable) as caught:
        await agent(f"http://user:secret@127.0.0.1:{port}/ask").preflight()
    lines = str(caught.value).splitlines()
    assert lines[0].startswith("the agent cannot be reached: ")
    assert lines[1:4] == [
        f"  tried: a connection to 127.0.0.1 port {port}",
        f"  agent.endpoint: http://127.0.0.1:{port}/ask",
        "Is the agent running, and is this its port? With agent.serve flakestorm starts it itself.",
    ]


async def test_container_hint(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    """Inside a container the message says what localhost means there."""
    mark = tmp_path / "dockerenv"
    mark.touch()
    monkeypatch.setattr(reachability, "CONTAINER_MARK", mark)
    with pytest.raises(AgentUnreachable, match=r"host is at http://host\.docker\.internal:1/x"):
        await check_reachable(URL("http://127.0.0.1:1/x"))


async def test_certificate(serve: Any, agent: Any) -> None:
    """A certificate that nobody trusts is named, with the way round it."""
    server = await serve(ok, tls=True)
    with pytest.raises(AgentUnreachable, match=r"certificate is not trusted.*\n.*\n.*\n.*verify_tls: false"):
        await agent(server.url).preflight()
    await agent(server.url, verify_tls=False).preflight()


async def test_https_to_a_plain_server(serve: Any, agent: Any) -> None:
    """A server without TLS suggests the plain scheme."""
    server = await serve(ok)
    url = server.url.replace("http:", "https:")
    with pytest.raises(AgentUnreachable, match="If the agent speaks plain HTTP, write http://127"):
        await agent(url).preflight()


async def test_silence_is_cut_short(serve_raw: Any) -> None:
    """A server that accepts and never shakes hands is given up after the time allowed."""
    released = asyncio.Event()

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await released.wait()

    url = URL((await serve_raw(handler)).replace("http:", "https:"))
    with pytest.raises(AgentUnreachable, match=r"no connection within 0\.2 s"):
        await check_reachable(url, within_s=0.2)
    released.set()


async def test_host_that_cannot_be() -> None:
    """A host name that no resolver takes is unreachable and not a crash."""
    with pytest.raises(AgentUnreachable, match="the agent cannot be reached"):
        await check_reachable(URL.build(scheme="http", host="x" * 70 + ".example"))


async def test_reset_endpoint(serve: Any, agent: Any) -> None:
    """Reset posts to the path on the agent's host, with the agent's headers; other answers are errors."""

    async def handler(request: web.Request) -> web.Response:
        return web.Response(status=204 if request.path == "/reset" else 500)

    server = await serve(handler)
    await agent(f"{server.url}/ask", reset_endpoint="/reset", headers={"X-Key": "k"}).reset()
    [seen] = server.seen
    assert (seen.method, seen.path, seen.headers["X-Key"]) == ("POST", "/reset", "k")
    with pytest.raises(
        WorkError, match=r"agent\.reset_endpoint: POST .*/nope failed: the agent answered 500"
    ):
        await agent(f"{server.url}/ask", reset_endpoint=f"{server.url}/nope").reset()
    with pytest.raises(WorkError, match="nothing accepts connections"):
        await agent(f"{server.url}/ask", reset_endpoint="http://127.0.0.1:1/").reset()


async def test_reset_function(serve: Any, agent: Any, tmp_path: Any) -> None:
    """Reset calls the function of the configuration; without either nothing happens."""
    (tmp_path / "resetting.py").write_text("calls = []\ndef reset():\n    calls.append(1)\n")
    server = await serve(ok)
    made = agent(server.url, reset_function=f"{tmp_path}/resetting.py:reset")
    await made.reset()
    await made.reset()
    import sys

    [module] = [
        m for m in list(sys.modules.values()) if str(getattr(m, "__file__", "")) == f"{tmp_path}/resetting.py"
    ]
    assert module.calls == [1, 1]
    await agent(server.url).reset()
    assert server.seen == []
