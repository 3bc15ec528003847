"""The shop's agent behind real HTTP servers, and the defects of handling requests rather than texts."""

from __future__ import annotations

import asyncio
import json
import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer, ThreadingHTTPServer
from typing import Any

from aiohttp import web

from planted.shop import orders

LARGEST = 1 << 20
"""Bytes of the largest body: more is refused, because no prompt is that long."""
PROMPTS = ("Where is my order 4512?", "When will order 4512 be delivered?")


class Quiet(ThreadingHTTPServer):
    """A server with a thread for each connection; what goes wrong in one stays there."""

    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: clients that go away are part of the examination."""


class Desk(BaseHTTPRequestHandler):
    """A correct desk: ``POST /chat`` with ``{"input": …}``; whatever is wrong with a request is a 4xx."""

    protocol_version = "HTTP/1.1"
    timeout = 5
    """Seconds that a client may keep it waiting."""

    def do_POST(self) -> None:
        """Answer the request."""
        try:
            status, answer = self.handled()
        except TimeoutError:
            self.close_connection = True
            return
        self.reply(status, json.dumps(answer).encode(), "application/json")

    def handled(self) -> tuple[int, dict[str, str]]:
        """Status and answer."""
        body = self.body()
        if body is None:
            return 400, {"error": "a body with a true Content-Length of at most 1 MB is needed"}
        try:
            text = self.parsed(body)
        except (ValueError, RecursionError):
            return 400, {"error": "the body must be a JSON object with the key input"}
        return 200, {"output": orders(text)}

    def body(self) -> bytes | None:
        """The body, or None where there is none that can be read."""
        lengths = self.headers.get_all("Content-Length") or []
        self.close_connection = True
        if "Transfer-Encoding" in self.headers or len(lengths) != 1 or not lengths[0].isdecimal():
            return None
        length = int(lengths[0])
        if length > LARGEST:
            return None
        body = self.rfile.read(length)
        if len(body) < length:
            raise TimeoutError
        self.close_connection = self.headers.get("Connection", "").lower() == "close"
        return body

    def parsed(self, body: bytes) -> str:
        """The prompt. Raises ``ValueError`` where there is none."""
        data = json.loads(body.decode("utf-8"))
        if not isinstance(data, dict) or not isinstance(data.get("input"), str):
            raise ValueError("no input")
        return str(data["input"])

    def reply(self, status: int, body: bytes, kind: str, headers: tuple[tuple[str, str], ...] = ()) -> None:
        """Send an answer."""
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - http.server calls it so
        """Write no log."""


@dataclass(frozen=True)
class Served:
    """A server to examine: ``start`` gives its URL for a while. ``defect`` is empty for a correct one.

    ``types`` are the mutation types that speak of the defect; a correct server faces all of them.
    """

    name: str
    defect: str
    types: tuple[str, ...]
    start: Callable[[], Any]


@contextmanager
def threaded(handler: type[Desk], server_type: type[HTTPServer] = Quiet) -> Iterator[str]:
    """The URL of a server that runs in a thread until the block ends."""
    server = server_type(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/chat"
    finally:
        server.shutdown()
        with suppress(OSError):
            server.server_close()
        thread.join(5)


@contextmanager
def asynchronous() -> Iterator[str]:
    """The URL of a correct server on an event loop of its own."""

    async def chat(request: web.Request) -> web.Response:
        try:
            text = json.loads((await request.read()).decode("utf-8"))["input"]
            return web.json_response({"output": orders(str(text))})
        except (ValueError, KeyError, TypeError, RecursionError, web.RequestPayloadError):
            return web.json_response({"error": "a JSON object with the key input is needed"}, status=400)

    loop = asyncio.new_event_loop()
    app = web.Application(client_max_size=LARGEST)
    app.router.add_post("/chat", chat)
    silent = logging.getLogger("planted")
    silent.disabled = True  # clients that go away are part of the examination
    runner = web.AppRunner(app, access_log=None, logger=silent)

    async def end() -> None:
        await runner.cleanup()
        rest = asyncio.all_tasks() - {asyncio.current_task()}
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)

    async def begin() -> int:
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        return int(runner.addresses[0][1])

    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    port = asyncio.run_coroutine_threadsafe(begin(), loop).result(10)
    try:
        yield f"http://127.0.0.1:{port}/chat"
    finally:
        asyncio.run_coroutine_threadsafe(end(), loop).result(70)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)
        loop.close()
