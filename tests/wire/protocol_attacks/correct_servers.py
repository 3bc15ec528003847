"""Plain agents on three well-known servers: ``python correct_servers.py NAME`` prints the port it serves.

Each answers ``POST /chat`` with ``{"input": text}`` by an echo, and whatever is not that with a 4xx. They are
written as people write them; only what would be a true finding (a 500 for JSON that is too deep, say) is
taken care of.
"""

from __future__ import annotations

import json
import socket
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

MOST_BYTES = 2_000_000


def reply_to(body: bytes) -> tuple[int, bytes]:
    """Status and JSON answer for a request body."""
    try:
        text = json.loads(body)["input"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return 400, b'{"error": "send {\\"input\\": text}"}'
    if not isinstance(text, str):
        return 422, b'{"error": "input must be a text"}'
    return 200, json.dumps({"output": f"You said: {text}"}).encode()


class Handler(BaseHTTPRequestHandler):
    """The agent on the standard library's server."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """Answer one prompt."""
        length = self.headers.get("Content-Length", "")
        if not (length.isascii() and length.isdigit()):
            self.close_connection = True
            status, reply = 411, b'{"error": "how long is it?"}'
        elif int(length) > MOST_BYTES:
            self.close_connection = True
            status, reply = 413, b'{"error": "too large"}'
        else:
            status, reply = reply_to(self.rfile.read(int(length)))
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(reply)))
        self.end_headers()
        self.wfile.write(reply)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the signature of the standard library
        """Keep quiet."""


class Server(ThreadingHTTPServer):
    """Keeps quiet about clients that vanish, and takes as many at once as others do."""

    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: object, client_address: object) -> None:
        """A client vanished."""


def serve_threading() -> None:
    """The standard library's server with a thread for each connection."""
    server = Server(("127.0.0.1", 0), Handler)
    print(server.server_address[1], flush=True)
    server.serve_forever()


def serve_aiohttp() -> None:
    """The server of aiohttp."""
    from aiohttp import web

    async def chat(request: web.Request) -> web.Response:
        try:
            body = await request.read()
        except web.RequestPayloadError:
            # A body that cannot be unpacked; without this aiohttp answers 500, which is a true finding.
            body = b""
        status, reply = reply_to(body)
        return web.Response(status=status, body=reply, content_type="application/json")

    app = web.Application()
    app.router.add_post("/chat", chat)
    listener = _listener()
    print(listener.getsockname()[1], flush=True)
    web.run_app(app, sock=listener, print=None, access_log=None)


def serve_fastapi() -> None:
    """FastAPI on uvicorn, with the body as a model."""
    import uvicorn
    from fastapi import FastAPI, Request
    from fastapi.exceptions import RequestValidationError
    from fastapi.responses import PlainTextResponse
    from pydantic import BaseModel

    class Prompt(BaseModel):
        input: str

    app = FastAPI()

    # The endpoint is synchronous, as most are: it runs in a thread.
    def chat(prompt: Prompt) -> dict[str, str]:
        # Half a surrogate pair is valid JSON, but no UTF-8: echoed as it is, it would be a 500.
        return {"output": f"You said: {prompt.input.encode(errors='replace').decode()}"}

    async def invalid(request: Request, error: Exception) -> PlainTextResponse:
        # FastAPI's own answer repeats the input and is a 500 for NaN and for half a surrogate pair.
        return PlainTextResponse("send {input: text}", 422)

    async def limited(request: Request, call_next: Any) -> Any:
        # FastAPI takes bodies of any size, and nobody else is served while a huge one is parsed.
        length = request.headers.get("content-length", "")
        if length.isdecimal() and int(length) > MOST_BYTES:
            return PlainTextResponse("too large", 413)
        return await call_next(request)

    chat.__annotations__["prompt"] = Prompt
    app.middleware("http")(limited)
    app.exception_handler(RequestValidationError)(invalid)
    app.post("/chat")(chat)
    listener = _listener()
    print(listener.getsockname()[1], flush=True)
    uvicorn.Server(uvicorn.Config(app, log_level="critical")).run(sockets=[listener])


def _listener() -> socket.socket:
    return socket.create_server(("127.0.0.1", 0), backlog=128)


if __name__ == "__main__":
    {"threading": serve_threading, "aiohttp": serve_aiohttp, "fastapi": serve_fastapi}[sys.argv[1]]()
