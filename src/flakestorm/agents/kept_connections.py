"""Which requests went out on a kept connection: only those can find it closed without any fault.

aiohttp's own tracing would tell as well, but costs a tenth of the time of each request.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar
from typing import Any
from weakref import WeakSet

from aiohttp import ClientSession, ClientTimeout, DummyCookieJar, ServerDisconnectedError, TCPConnector
from aiohttp.client_reqrep import ClientRequest
from aiohttp.connector import Connection
from aiohttp.http import RawResponseMessage

from flakestorm.agents.config import AgentConfig

HEADER_BYTES = 1 << 16
IDLE_S = 4.0
"""Below the five seconds after which uvicorn and Node close idle connections under a client's hands."""

on_kept_connection: ContextVar[bool] = ContextVar("flakestorm_on_kept_connection", default=False)
"""Whether this task's last request used a connection that an earlier one had used."""


class KeepingConnector(TCPConnector):
    """Keeps connections, and sets ``on_kept_connection`` for each request."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._used: WeakSet[Any] = WeakSet()

    async def connect(self, req: ClientRequest, traces: list[Any], timeout: ClientTimeout) -> Connection:
        """A kept connection, or else a new one."""
        connection = await super().connect(req, traces, timeout)
        on_kept_connection.set(connection.protocol in self._used)
        self._used.add(connection.protocol)
        return connection


def open_session(config: AgentConfig, headers: Mapping[str, str], *, keep: bool) -> ClientSession:
    """A session that sends ``headers`` with each request, and keeps connections or makes each anew."""
    connector: TCPConnector
    if keep:
        connector = KeepingConnector(limit=0, ssl=config.verify_tls, keepalive_timeout=IDLE_S)
    else:
        connector = TCPConnector(limit=0, ssl=config.verify_tls, force_close=True)
    session = ClientSession(
        connector=connector,
        headers=headers,
        # The threshold keeps aiohttp from rounding longer timeouts up to whole seconds.
        timeout=ClientTimeout(total=config.timeout / 1000, ceil_threshold=float("inf")),
        # Trials must not see each other's cookies.
        cookie_jar=DummyCookieJar(),
        max_line_size=HEADER_BYTES,
        max_field_size=HEADER_BYTES,
    )
    # aiohttp would send a GET again in silence when the agent drops the connection, and so hide a fault.
    session._retry_connection = False  # noqa: SLF001 - aiohttp has no public switch for it
    return session


def nothing_came(lost: Exception) -> bool:
    """Whether the connection was lost before the answer began."""
    return not (isinstance(lost, ServerDisconnectedError) and isinstance(lost.message, RawResponseMessage))
