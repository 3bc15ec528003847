"""An HTTP agent that misbehaves as the first word of the prompt says; tests start it as a program."""

from __future__ import annotations

import asyncio
import sys

from aiohttp import web

PLAIN = {
    "latin": (b"caf\xe9 refund", "text/plain"),
    "html": (b"<html>refund", "application/json"),
    "null": (b"null", "application/json"),
    "nested": (b'[[["refund"]]]', "application/json"),
    "lines": (b"refund\n" * 10_000, "text/plain"),
}


async def answer(request: web.Request) -> web.StreamResponse:
    """One reply, or something else."""
    word = (await request.json())["input"].split()[0]
    if word in PLAIN:
        body, content_type = PLAIN[word]
        return web.Response(body=body, content_type=content_type)
    if word == "loop":
        raise web.HTTPTemporaryRedirect("/chat")
    if word in ("huge", "endless"):
        return await _flow(request, 200 if word == "huge" else None)
    if word in ("cut", "drop"):
        assert request.transport is not None
        if word == "cut":
            request.transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nrefund")
        request.transport.close()
    if word.isdigit():
        return web.Response(status=int(word))
    return web.json_response({"output": "your refund is on its way"})


async def _flow(request: web.Request, mebibytes: int | None) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    sent = 0
    while mebibytes is None or sent < mebibytes:
        await response.write(b"refund " if mebibytes is None else b"x" * 2**20)
        sent += 1
        await asyncio.sleep(0.05 if mebibytes is None else 0)
    return response


if __name__ == "__main__":
    print("the key is sk-abcdefghijklmnopqrstuvwxyz0123456789", flush=True)
    app = web.Application(client_max_size=2**26)
    app.router.add_post("/chat", answer)
    web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), print=None)
