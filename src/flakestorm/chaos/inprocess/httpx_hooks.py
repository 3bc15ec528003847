"""Hooks for httpx and for httpx2, which has the same shape; they sit in the transports, below all clients."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from functools import wraps
from types import ModuleType
from typing import Any

from flakestorm.chaos.inprocess.awaiting import async_passed
from flakestorm.chaos.inprocess.blocking import passed
from flakestorm.chaos.inprocess.passage import unframed
from flakestorm.chaos.inprocess.patches import Patches
from flakestorm.chaos.inprocess.watch import Watch
from flakestorm.chaos.inprocess.words import AsyncReply, Headers, Reply


def hook_httpx(httpx: ModuleType, watch: Watch, patches: Patches) -> None:
    """Install the hooks in ``httpx``, the module httpx or httpx2."""
    blocking = httpx.HTTPTransport.handle_request
    patches.attribute(httpx.HTTPTransport, "handle_request", _blocking(httpx, watch, blocking))
    awaiting = httpx.AsyncHTTPTransport.handle_async_request
    patches.attribute(httpx.AsyncHTTPTransport, "handle_async_request", _awaiting(httpx, watch, awaiting))


class _Words:
    """What httpx raises. The client adds the request to the exceptions."""

    def __init__(self, httpx: ModuleType, request: Any) -> None:
        self._httpx: Any = httpx
        self.patience_s: float | None = request.extensions.get("timeout", {}).get("read")

    def ended(self, error: BaseException, begun: bool) -> str:
        if isinstance(error, self._httpx.TimeoutException | asyncio.CancelledError):
            return "left"
        return "cut" if begun else "unreachable"

    def refused(self) -> Exception:
        return self._raised("ConnectError", "[Errno 111] Connection refused")

    def reset(self) -> Exception:
        return self._raised("ReadError", "[Errno 104] Connection reset by peer")

    def lost(self) -> Exception:
        return self.reset()

    def closed(self) -> Exception:
        return self._raised("RemoteProtocolError", "Server disconnected without sending a response.")

    def timed_out(self) -> Exception:
        return self._raised("ReadTimeout", "The read operation timed out")

    def cut(self) -> Exception:
        return self.reset()

    def short(self) -> Exception:
        return self._raised(
            "RemoteProtocolError",
            "peer closed connection without sending complete message body (incomplete chunked read)",
        )

    def bad_chunk(self) -> Exception:
        return self._raised("RemoteProtocolError", "illegal chunk header")

    def _raised(self, name: str, message: str) -> Exception:
        error: Exception = getattr(self._httpx, name)(message)
        return error


def _blocking(httpx: Any, watch: Watch, original: Callable[..., Any]) -> Callable[..., Any]:
    name = httpx.__name__

    class Stream(httpx.SyncByteStream):  # type: ignore[misc]  # the class comes from the hooked module
        def __init__(self, reply: Reply) -> None:
            self._reply = reply

        def __iter__(self) -> Iterator[bytes]:
            yield from self._reply.pieces

        def close(self) -> None:
            self._reply.close()

    @wraps(original)
    def handle_request(self: Any, request: Any) -> Any:
        traffic = watch.traffic(name)
        if traffic is None:
            return original(self, request)
        body = request.read()
        call = watch.http(traffic, name, request.method, str(request.url), request.headers, body)
        extensions: dict[str, Any] = {}

        def upstream(content: bytes | None) -> Reply:
            response = original(self, request if content is None else _with(httpx, request, content))
            extensions.update(response.extensions)
            return Reply(
                response.status_code, _decoded_headers(response), response.iter_bytes(), response.close
            )

        reply = passed(call, _Words(httpx, request), upstream)
        stream = Stream(reply) if reply.body is None else httpx.ByteStream(reply.body)
        return httpx.Response(reply.status, headers=list(reply.headers), stream=stream, extensions=extensions)

    return handle_request


def _awaiting(httpx: Any, watch: Watch, original: Callable[..., Any]) -> Callable[..., Any]:
    name = httpx.__name__

    class Stream(httpx.AsyncByteStream):  # type: ignore[misc]  # the class comes from the hooked module
        def __init__(self, reply: AsyncReply) -> None:
            self._reply = reply

        async def __aiter__(self) -> AsyncIterator[bytes]:
            async for piece in self._reply.pieces:
                yield piece

        async def aclose(self) -> None:
            await self._reply.close()

    @wraps(original)
    async def handle_async_request(self: Any, request: Any) -> Any:
        traffic = watch.traffic(name)
        if traffic is None:
            return await original(self, request)
        body = await request.aread()
        call = watch.http(traffic, name, request.method, str(request.url), request.headers, body)
        extensions: dict[str, Any] = {}

        async def upstream(content: bytes | None) -> AsyncReply:
            response = await original(self, request if content is None else _with(httpx, request, content))
            extensions.update(response.extensions)
            return AsyncReply(
                response.status_code, _decoded_headers(response), response.aiter_bytes(), response.aclose
            )

        reply = await async_passed(call, _Words(httpx, request), upstream)
        stream = Stream(reply) if reply.body is None else httpx.ByteStream(reply.body)
        return httpx.Response(reply.status, headers=list(reply.headers), stream=stream, extensions=extensions)

    return handle_async_request


def _with(httpx: Any, request: Any, content: bytes) -> Any:
    """``request`` with another body; the agent's own stays as it is, because it may be sent again."""
    headers = [(name, value) for name, value in request.headers.raw if name.lower() not in _LENGTHS]
    return httpx.Request(
        request.method, request.url, headers=headers, content=content, extensions=request.extensions
    )


_LENGTHS = (b"content-length", b"transfer-encoding")


def _decoded_headers(response: Any) -> Headers:
    headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in response.headers.raw)
    return unframed(headers) if response.headers.get("content-encoding") else headers
