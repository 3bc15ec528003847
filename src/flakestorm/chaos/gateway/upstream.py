"""The servers behind the gateway: asks them, and explains why one cannot be asked."""

from __future__ import annotations

import asyncio
import io
import os
from collections.abc import Mapping, Sequence
from functools import lru_cache
from types import TracebackType
from typing import Any
from urllib.parse import SplitResult, urlsplit
from urllib.request import proxy_bypass_environment  # type: ignore[attr-defined]  # unknown to typeshed

import aiohttp
from aiohttp import ClientResponse, ClientSession, ClientTimeout, DummyCookieJar
from aiohttp.http_exceptions import HttpProcessingError
from yarl import URL

from flakestorm.chaos.gateway.trailers import TailKeepingConnector

IDLE_S = 4.0
"""Below the five seconds after which uvicorn and Node close idle connections under a client's hands."""
CONNECT_S = 30.0
HEADER_BYTES = 1 << 17
LARGE_BODY = 1 << 20
FAILURES = (aiohttp.ClientError, HttpProcessingError, OSError, asyncio.TimeoutError)
_AUTOMATIC = ("Accept", "Accept-Encoding", "User-Agent", "Content-Type")
_SAFE = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})
"""Methods whose repetition changes nothing (RFC 9110, section 9.2.2)."""


class UpstreamDown(Exception):
    """The upstream gave no answer. The message says why, without a full stop."""


class Upstream:
    """Asks any server. Use it as ``async with Upstream(environ) as upstream:``.

    ``surroundings`` are environment variables: the proxy that they name for an address is used, because it
    may be the only way out.
    """

    def __init__(self, surroundings: Mapping[str, str]) -> None:
        self._proxies = {
            name.lower().removesuffix("_proxy"): value
            for name, value in sorted(surroundings.items())
            if name.lower().endswith("_proxy") and value
        }
        self._kept: ClientSession
        self._fresh: ClientSession
        self._proxy = lru_cache(1024)(self._proxy_of)

    async def __aenter__(self) -> Upstream:
        self._kept = _session(keepalive_timeout=IDLE_S)
        self._fresh = _session(force_close=True)
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
        headers: Sequence[tuple[str, str]],
        body: bytes,
        *,
        harmless: bool = False,
    ) -> ClientResponse:
        """The head of the answer; close it when done. Raises ``UpstreamDown``.

        A kept connection may end just when a request is sent on it. Such a request is sent once more, if it
        is ``harmless`` or its method is; all others get a connection of their own, because nobody knows
        whether the first attempt took effect.
        """
        repeatable = harmless or method in _SAFE
        try:
            if not repeatable:
                return await self._ask(self._fresh, method, url, headers, body)
            try:
                return await self._ask(self._kept, method, url, headers, body)
            except aiohttp.ClientConnectorError:
                raise
            except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError):
                return await self._ask(self._fresh, method, url, headers, body)
        except ValueError as error:
            raise UpstreamDown(f"{url} is not an address: {error}") from None
        except FAILURES as error:
            raise UpstreamDown(explained(error, urlsplit(url))) from None

    async def _ask(
        self, session: ClientSession, method: str, url: str, headers: Sequence[tuple[str, str]], body: bytes
    ) -> ClientResponse:
        data: Any = body or None
        if len(body) > LARGE_BODY:
            # aiohttp warns about large bytes, which it would write to the socket in one go.
            data = io.BytesIO(body)
        return await session.request(
            method,
            # The path goes out as it came in.
            URL(url, encoded=True),
            data=data,
            headers=headers,
            allow_redirects=False,
            proxy=self._proxy(url) if self._proxies else None,
        )

    def _proxy_of(self, url: str) -> str | None:
        parts = urlsplit(url)
        if proxy_bypass_environment(parts.netloc, self._proxies):
            return None
        found = self._proxies.get(parts.scheme) or self._proxies.get("all")
        # aiohttp speaks to HTTP proxies only.
        return found if found and found.startswith("http") else None


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


def _session(**options: Any) -> ClientSession:
    session = ClientSession(
        connector=TailKeepingConnector(limit=0, ttl_dns_cache=60, **options),
        timeout=ClientTimeout(total=None, sock_connect=CONNECT_S, ceil_threshold=float("inf")),
        # Calls must not see each other's cookies.
        cookie_jar=DummyCookieJar(),
        auto_decompress=False,
        skip_auto_headers=_AUTOMATIC,
        max_line_size=HEADER_BYTES,
        max_field_size=HEADER_BYTES,
    )
    # Which requests are sent again is decided by ``ask``.
    session._retry_connection = False  # noqa: SLF001 - aiohttp has no public switch for it
    return session
