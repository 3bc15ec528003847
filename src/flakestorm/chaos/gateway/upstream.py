"""The servers behind the gateway: asks them, and explains why one cannot be asked."""

from __future__ import annotations

import asyncio
import os
from base64 import b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import TracebackType
from urllib.parse import SplitResult, unquote, urlsplit
from urllib.request import proxy_bypass_environment  # type: ignore[attr-defined]  # unknown to typeshed

import aiohttp
from aiohttp import ClientRequest, ClientTimeout
from aiohttp.http_exceptions import HttpProcessingError
from yarl import URL

from flakestorm.chaos.gateway.answering import Answering, Connector

IDLE_S = 4.0
"""Below the five seconds after which uvicorn and Node close idle connections under a client's hands."""
CONNECT_S = 30.0
MOST_ORIGINS = 1024
FAILURES = (aiohttp.ClientError, HttpProcessingError, OSError, asyncio.TimeoutError)
_PATIENCE = ClientTimeout(total=None, sock_connect=CONNECT_S, ceil_threshold=float("inf"))
_SAFE = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})
"""Methods whose repetition changes nothing (RFC 9110, section 9.2.2)."""


class UpstreamDown(Exception):
    """The upstream gave no answer. The message says why, without a full stop."""


@dataclass(frozen=True, slots=True)
class Origin:
    """A server: how to connect to it, and what is the same in each request to it.

    ``connecting`` is what aiohttp's connector takes. ``prefix`` comes before the path in the request line,
    which is a whole address where a proxy for plain HTTP is asked.
    """

    connecting: ClientRequest
    prefix: bytes
    head: bytes
    authorization: bytes


class Upstream:
    """Asks any server. Use it with ``async with``.

    ``surroundings`` are environment variables: the proxy that they name for an address is used, because it
    may be the only way out.
    """

    def __init__(self, surroundings: Mapping[str, str]) -> None:
        self._proxies = {
            name.lower().removesuffix("_proxy"): value
            for name, value in sorted(surroundings.items())
            if name.lower().endswith("_proxy") and value
        }
        self._origin = lru_cache(MOST_ORIGINS)(self._origin_of)
        self._kept: Connector
        self._fresh: Connector

    async def __aenter__(self) -> Upstream:
        self._kept = Connector(limit=0, ttl_dns_cache=60, keepalive_timeout=IDLE_S)
        self._fresh = Connector(limit=0, ttl_dns_cache=60, force_close=True)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._kept.close()
        await self._fresh.close()

    async def ask(
        self,
        method: str,
        url: str,
        headers: Iterable[tuple[bytes, bytes]],
        body: bytes,
        *,
        harmless: bool = False,
    ) -> Answering:
        """The head of the answer; close it when done. Raises ``UpstreamDown``.

        A kept connection may end just when a request is sent on it. Such a request is sent once more, if it
        is ``harmless`` or its method is; all others get a connection of their own, because nobody knows
        whether the first attempt took effect.
        """
        address, path = _split(url)
        try:
            origin = self._origin(address)
            repeatable = harmless or method in _SAFE
            request = _request(origin, method, path, headers, body, closing=not repeatable)
            return await self._ask(origin, method, request, repeatable)
        except ValueError as error:
            raise UpstreamDown(f"{address} is not an address: {error}") from None
        except FAILURES as error:
            raise UpstreamDown(explained(error, urlsplit(address))) from None

    async def _ask(self, origin: Origin, method: str, request: bytes, repeatable: bool) -> Answering:
        connection = await (self._kept if repeatable else self._fresh).connect(
            origin.connecting, [], _PATIENCE
        )
        was_kept = getattr(connection.protocol, "served", False)
        answering = Answering(connection, method)
        try:
            await answering.start(request)
        except (aiohttp.ServerDisconnectedError, OSError):
            answering.close()
            if not was_kept:
                raise
        except BaseException:
            answering.close()
            raise
        else:
            return answering
        answering = Answering(await self._fresh.connect(origin.connecting, [], _PATIENCE), method)
        try:
            await answering.start(request)
        except BaseException:
            answering.close()
            raise
        return answering

    def _origin_of(self, address: str) -> Origin:
        url = URL(address)
        plain = url.with_user(None)
        proxy = self._proxy(address)
        through = proxy is not None and url.scheme == "http"
        head = f"Host: {plain.host_port_subcomponent}\r\n"
        if through and proxy is not None and proxy.user is not None:
            head += f"Proxy-Authorization: {_basic(proxy)}\r\n"
        return Origin(
            ClientRequest("GET", plain, loop=asyncio.get_running_loop(), proxy=proxy),
            str(plain).rstrip("/").encode() if through else b"",
            head.encode(),
            f"Authorization: {_basic(url)}\r\n".encode() if url.user is not None else b"",
        )

    def _proxy(self, address: str) -> URL | None:
        parts = urlsplit(address)
        if not self._proxies or proxy_bypass_environment(parts.netloc, self._proxies):
            return None
        found = self._proxies.get(parts.scheme) or self._proxies.get("all")
        # aiohttp speaks to HTTP proxies only.
        return URL(found) if found and found.startswith("http") else None


def explained(error: BaseException, url: SplitResult) -> str:
    """Why the server at ``url`` could not be asked, in words."""
    where = f"{url.scheme}://{url.netloc.rpartition('@')[2]}"
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return f"the host name of {where} has no address"
    if isinstance(error, aiohttp.ClientConnectorCertificateError | aiohttp.ClientSSLError):
        return f"no secure connection to {where} can be made: {error}"
    if isinstance(error, aiohttp.ClientConnectorError):
        return f"no connection to {where}: {system_reason(error.os_error)}"
    if isinstance(error, asyncio.TimeoutError):
        return f"no connection to {where} within {CONNECT_S:g} s"
    if isinstance(error, aiohttp.ClientResponseError | HttpProcessingError):
        return f"what {where} answered is not HTTP: {error.message}"
    return f"{where} closed the connection without an answer"


def system_reason(error: OSError) -> str:
    """The system's words: asyncio puts its own in their place, without the reason."""
    return os.strerror(error.errno) if error.errno else str(error)


def _split(url: str) -> tuple[str, str]:
    """The server's address, and what is asked of it."""
    start = url.index("://") + 3
    slash, mark = url.find("/", start), url.find("?", start)
    if mark >= 0 and not 0 <= slash < mark:
        return url[:mark], f"/{url[mark:]}"
    return (url, "/") if slash < 0 else (url[:slash], url[slash:])


def _request(
    origin: Origin,
    method: str,
    path: str,
    headers: Iterable[tuple[bytes, bytes]],
    body: bytes,
    *,
    closing: bool,
) -> bytes:
    """The request as it goes out. ``headers`` are without ``host``; the length is added if it is missing."""
    pieces = [b"%b %b%b HTTP/1.1\r\n" % (method.encode(), origin.prefix, path.encode()), origin.head]
    sized, authorized = not body, not origin.authorization
    for name, value in headers:
        pieces.append(b"%b: %b\r\n" % (name, value))
        lowered = name.lower()
        sized = sized or lowered == b"content-length"
        authorized = authorized or lowered == b"authorization"
    if not sized:
        pieces.append(b"Content-Length: %d\r\n" % len(body))
    if not authorized:
        pieces.append(origin.authorization)
    if closing:
        pieces.append(b"Connection: close\r\n")
    return b"".join((*pieces, b"\r\n", body))


def _basic(url: URL) -> str:
    return "Basic " + b64encode(f"{unquote(url.user or '')}:{unquote(url.password or '')}".encode()).decode()
