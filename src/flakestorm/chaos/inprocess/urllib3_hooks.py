"""Hooks for urllib3, and so for requests; answers go through http.client, which breaks as it always does."""

from __future__ import annotations

import http.client
import io
from collections.abc import Callable, Iterator
from functools import wraps
from inspect import signature
from typing import Any

from flakestorm.chaos.inprocess.blocking import passed
from flakestorm.chaos.inprocess.passage import unframed
from flakestorm.chaos.inprocess.patches import Patches
from flakestorm.chaos.inprocess.watch import Watch
from flakestorm.chaos.inprocess.words import Reply

PIECE = 1 << 16
"""Bytes that are asked for at once; what there is comes at once."""


def hook_urllib3(watch: Watch, patches: Patches) -> None:
    """Install the hook. It sits below the retries, so that these see what they always see.

    urllib3 1.x is left alone: there the retries and the answer cannot be told apart.
    """
    import urllib3

    original = urllib3.HTTPConnectionPool._make_request  # noqa: SLF001 - above it are only the retries
    if "preload_content" in signature(original).parameters:
        patches.attribute(urllib3.HTTPConnectionPool, "_make_request", _hooked(watch, original))


class _Words:
    """What urllib3's connections raise; the pool above turns it into what its callers know."""

    def __init__(self, pool: Any, conn: Any, url: str, timeout: Any) -> None:
        from urllib3.util import Timeout

        self._pool, self._conn, self._url = pool, conn, url
        read = pool._get_timeout(timeout).read_timeout  # noqa: SLF001 - the pool's default is in it
        self.patience_s: float | None = Timeout.resolve_default_timeout(read)

    def ended(self, error: BaseException, begun: bool) -> str:
        from urllib3.exceptions import ConnectTimeoutError, NewConnectionError, ReadTimeoutError

        # A refused connection is a timeout to urllib3, too.
        was_late = isinstance(error, ConnectTimeoutError | ReadTimeoutError)
        if was_late and not isinstance(error, NewConnectionError):
            return "left"
        return "cut" if begun else "unreachable"

    def refused(self) -> Exception:
        from urllib3.exceptions import NewConnectionError

        message = "Failed to establish a new connection: [Errno 111] Connection refused"
        return NewConnectionError(self._conn, message)

    def reset(self) -> Exception:
        return ConnectionResetError(104, "Connection reset by peer")

    def lost(self) -> Exception:
        return self.reset()

    def closed(self) -> Exception:
        return http.client.RemoteDisconnected("Remote end closed connection without response")

    def timed_out(self) -> Exception:
        from urllib3.exceptions import ReadTimeoutError

        message = f"Read timed out. (read timeout={self.patience_s})"
        return ReadTimeoutError(self._pool, self._url, message)

    def cut(self) -> Exception:
        return self.reset()

    def short(self) -> Exception:
        return http.client.IncompleteRead(b"")

    def bad_chunk(self) -> Exception:
        return self.short()


def _hooked(watch: Watch, original: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(original)
    def make_request(
        self: Any,
        conn: Any,
        method: str,
        url: str,
        body: Any = None,
        headers: Any = None,
        **options: Any,
    ) -> Any:
        traffic = watch.traffic("urllib3")
        if traffic is None:
            return original(self, conn, method, url, body=body, headers=headers, **options)
        sent = body.encode() if isinstance(body, str) else body if isinstance(body, bytes) else b""
        call = watch.http(traffic, "urllib3", method, _whole_url(self, url), headers or self.headers, sent)

        unused = [options.get("response_conn")]

        def upstream(content: bytes | None) -> Reply:
            # From here on the real response gives the connection back.
            unused.clear()
            kept = headers
            if content is not None:
                kept = {k: v for k, v in (headers or self.headers).items() if k.lower() != "content-length"}
            response = original(
                self,
                conn,
                method,
                url,
                body=body if content is None else content,
                headers=kept,
                **{**options, "preload_content": False},
            )
            return _reply(response)

        reply = passed(call, _Words(self, conn, url, options.get("timeout")), upstream)
        response = _response(reply, method, url, options)
        response.retries = options.get("retries")
        response._pool = self  # noqa: SLF001 - as the pool itself does with its answers
        response._connection = unused[0] if unused else None  # noqa: SLF001 - the same
        return response

    return make_request


def _whole_url(pool: Any, url: str) -> str:
    """``url`` is a path, except through a proxy."""
    if not url.startswith("/"):
        return url
    usual = {"http": 80, "https": 443}.get(pool.scheme)
    port = "" if pool.port in (None, usual) else f":{pool.port}"
    return f"{pool.scheme}://{pool.host}{port}{url}"


def _reply(response: Any) -> Reply:
    headers = tuple((str(name), str(value)) for name, value in response.headers.items())
    if response.headers.get("content-encoding"):
        headers = unframed(headers)

    def close() -> None:
        # What was read to its end has given its connection back already; of the rest nothing can be used.
        response.close()
        response.release_conn()

    return Reply(response.status, headers, _arriving(response), close)


def _arriving(response: Any) -> Iterator[bytes]:
    if response.chunked and response.supports_chunked_reads():
        yield from response.read_chunked(decode_content=True)
    elif hasattr(response, "read1"):
        while piece := response.read1(PIECE, decode_content=True):
            yield piece
    else:
        yield from response.stream(PIECE, decode_content=True)
    response.release_conn()


class _Wire(io.RawIOBase):
    """An answer as the bytes of a connection, made while they are read."""

    def __init__(self, reply: Reply) -> None:
        self._reply = reply
        self._bytes = _chunked(reply)
        self._rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._rest = self._rest or next(self._bytes, b"")
        size = min(len(buffer), len(self._rest))
        buffer[:size] = self._rest[:size]
        self._rest = self._rest[size:]
        return size

    def close(self) -> None:
        if not self.closed:
            self._reply.close()
        super().close()


class _Socket:
    """As much of a socket as http.client reads from."""

    def __init__(self, reply: Reply) -> None:
        self._reply = reply

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(_Wire(self._reply))


def _chunked(reply: Reply) -> Iterator[bytes]:
    yield f"HTTP/1.1 {reply.status} {http.client.responses.get(reply.status, '')}\r\n".encode()
    yield b"transfer-encoding: chunked\r\n\r\n"
    for piece in reply.pieces:
        yield b"%x\r\n%b\r\n" % (len(piece), piece)
    yield b"0\r\n\r\n"


def _response(reply: Reply, method: str, url: str, options: dict[str, Any]) -> Any:
    from urllib3 import HTTPHeaderDict, HTTPResponse

    parsed = http.client.HTTPResponse(_Socket(reply), method=method)  # type: ignore[arg-type]  # see _Socket
    parsed.begin()
    return HTTPResponse(
        body=parsed,
        headers=HTTPHeaderDict(reply.headers),
        status=reply.status,
        version=11,
        version_string="HTTP/1.1",
        reason=parsed.reason,
        preload_content=options.get("preload_content", True),
        decode_content=options.get("decode_content", True),
        original_response=parsed,
        enforce_content_length=options.get("enforce_content_length", True),
        request_method=method,
        request_url=url,
    )
