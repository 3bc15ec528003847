"""Hooks for aiohttp: a client middleware below all others, and a body that passes through the effect."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from functools import wraps
from http import HTTPStatus
from inspect import signature
from time import monotonic
from typing import Any

from flakestorm.chaos.inprocess.awaiting import async_passed
from flakestorm.chaos.inprocess.patches import Patches
from flakestorm.chaos.inprocess.watch import Watch
from flakestorm.chaos.inprocess.words import AsyncReply
from flakestorm.chaos.traffic import Traffic


def hook_aiohttp(watch: Watch, patches: Patches) -> None:
    """Install the hook in every ``ClientSession``."""
    import aiohttp

    original = aiohttp.ClientSession._request  # noqa: SLF001 - all methods of a session come through it
    patches.attribute(aiohttp.ClientSession, "_request", _hooked(watch, original))


class _Words:
    """What aiohttp raises.

    It has a timeout for each read and one for the whole call. The latter's own timer stops when the real
    connection is done with, which may be long before the agent has read what passes here.
    """

    def __init__(self, request: Any, timeout: Any) -> None:
        self._request = request
        self._read_s: float | None = timeout.sock_read
        self._deadline = None if timeout.total is None else monotonic() + timeout.total

    @property
    def patience_s(self) -> float | None:
        left = None if self._deadline is None else max(0.0, self._deadline - monotonic())
        return min((limit for limit in (left, self._read_s) if limit is not None), default=None)

    def ended(self, error: BaseException, begun: bool) -> str:
        if isinstance(error, asyncio.CancelledError | asyncio.TimeoutError):
            return "left"
        return "cut" if begun else "unreachable"

    def refused(self) -> Exception:
        import aiohttp

        return aiohttp.ClientConnectorError(
            self._request.connection_key, ConnectionRefusedError(111, "Connect call failed")
        )

    def reset(self) -> Exception:
        import aiohttp

        return aiohttp.ClientOSError(104, "Connection reset by peer")

    def lost(self) -> Exception:
        return self.reset()

    def closed(self) -> Exception:
        import aiohttp

        return aiohttp.ServerDisconnectedError()

    def timed_out(self) -> Exception:
        import aiohttp

        if self._deadline is not None and monotonic() >= self._deadline:
            return asyncio.TimeoutError()
        return aiohttp.SocketTimeoutError("Timeout on reading data from socket")

    def cut(self) -> Exception:
        return self._unfinished("ConnectionResetError(104, 'Connection reset by peer')")

    def short(self) -> Exception:
        return self._unfinished("Not enough data to satisfy content length header.")

    def bad_chunk(self) -> Exception:
        return self._unfinished("Bad chunk size")

    def _unfinished(self, reason: str) -> Exception:
        import aiohttp

        return aiohttp.ClientPayloadError(f"Response payload is not completed: {reason}")


def _hooked(watch: Watch, original: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(original)
    async def request(self: Any, method: str, url: Any, **options: Any) -> Any:
        traffic = watch.traffic("aiohttp")
        if traffic is None:
            return await original(self, method, url, **options)
        others = options.pop("middlewares", None)
        others = self._middlewares if others is None else others
        timeout = options.get("timeout")
        timeout = timeout if hasattr(timeout, "sock_read") else self.timeout
        middleware = _middleware(watch, traffic, timeout)
        return await original(self, method, url, middlewares=(*others, middleware), **options)

    return request


def _middleware(watch: Watch, traffic: Traffic, timeout: Any) -> Callable[..., Any]:
    async def middleware(request: Any, handler: Callable[[Any], Any]) -> Any:
        sent = await _sent(request)
        call = watch.http(
            traffic, "aiohttp", request.method, str(request.url), list(request.headers.items()), sent
        )
        real: list[Any] = []

        async def upstream(content: bytes | None) -> AsyncReply:
            if content is not None:
                await request.update_body(content)
            response = await handler(request)
            real.append(response)
            headers = tuple(response.headers.items())

            async def close() -> None:
                # A connection whose answer has all come is given back by itself. The response is not told:
                # it would tell its body, which is the agent's by then.
                if response.connection is not None:
                    response.connection.close()

            return AsyncReply(response.status, headers, _arriving(response.content), close)

        reply = await async_passed(call, _Words(request, timeout), upstream)
        response = real[0] if real else _made_up(request)
        if reply.status == HTTPStatus.SWITCHING_PROTOCOLS:
            # From here on it is a WebSocket.
            call.close(reply.status)
            return response
        return _dressed(response, reply)

    return middleware


async def _sent(request: Any) -> bytes:
    """The body, where it is a text or bytes; files and generators are for sending once."""
    from aiohttp.payload import BytesPayload

    body = request.body
    if isinstance(body, BytesPayload):
        whole: bytes = await body.as_bytes()
        return whole
    return body if isinstance(body, bytes) else b""


async def _arriving(content: Any) -> AsyncIterator[bytes]:
    while piece := await content.readany():
        yield piece


def _made_up(request: Any) -> Any:
    """A response of aiohttp's own class to which there is no connection."""
    from aiohttp import HttpVersion11

    kind = request.response_class
    known = {
        "writer": None,
        "continue100": None,
        "timer": None,
        "request_info": request.request_info,
        "traces": [],
        "loop": request.loop,
        "session": request.session,
        "stream_writer": _Written,
    }
    taken = signature(kind.__init__).parameters
    response = kind(
        request.method, request.original_url, **{name: known[name] for name in known if name in taken}
    )
    response.version = HttpVersion11
    return response


def _dressed(response: Any, reply: AsyncReply) -> Any:
    """``response`` with the status, the headers and the body of ``reply``, set as its own start() does."""
    from multidict import CIMultiDict, CIMultiDictProxy

    if response.status != reply.status:
        response.reason = _reason(reply.status)
    response.status = reply.status
    response._headers = CIMultiDictProxy(CIMultiDict(reply.headers))  # noqa: SLF001 - see above
    response._raw_headers = tuple(  # noqa: SLF001 - see above
        (name.encode("utf-8", "surrogateescape"), value.encode("utf-8", "surrogateescape"))
        for name, value in reply.headers
    )
    cookies = tuple(value for name, value in reply.headers if name.lower() == "set-cookie")
    response._raw_cookie_headers = cookies or None  # noqa: SLF001 - see above
    response.content = _body(reply)
    return response


class _Written:
    """What a response asks of the writer of a request that is sent already."""

    output_size = 0


def _reason(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


def _body(reply: AsyncReply) -> Any:
    from aiohttp import StreamReader

    class Body(StreamReader):
        """Takes the next piece when somebody waits for it, so that nothing runs ahead of the reader."""

        async def _wait(self, func_name: str) -> None:  # noqa: ARG002 - aiohttp's, for its messages
            try:
                piece = await anext(reply.pieces, None)
            except Exception as error:
                self.set_exception(error)
                raise
            if piece is None:
                self.feed_eof()
            else:
                self.feed_data(piece)

        def set_exception(self, exc: Any, *cause: Any) -> None:
            """Also how a response that is closed or released tells its body."""
            super().set_exception(exc, *cause)
            reply.drop()

    return Body(_NoFlow(), PIECE)  # type: ignore[arg-type]  # see _NoFlow


PIECE = 1 << 16


class _NoFlow:
    """The flow control of a protocol, for a body that is only made when it is wanted."""

    connected = True

    def pause_reading(self) -> None:
        """Nothing flows by itself."""

    def resume_reading(self, **_options: Any) -> None:
        """Nothing was held back."""
