"""The gateway: listens, tells whose call it is, and has it done what the trial's faults say."""

from __future__ import annotations

import asyncio
import errno
import logging
import os
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from functools import partial
from types import TracebackType

from aiohttp import web

from flakestorm.chaos.config import GatewayConfig
from flakestorm.chaos.gateway.admin import Admin, Control
from flakestorm.chaos.gateway.answering import HEADER_BYTES
from flakestorm.chaos.gateway.attribution import Attribution
from flakestorm.chaos.gateway.caller import GOES_ON, IS_OVER, Caller, CallerLeft, Sent
from flakestorm.chaos.gateway.environment import environment
from flakestorm.chaos.gateway.exchange import Exchange, refuse
from flakestorm.chaos.gateway.headers import octets, text
from flakestorm.chaos.gateway.routes import NoRoute, Route, Routes
from flakestorm.chaos.gateway.tunnel import tunnel_url
from flakestorm.chaos.gateway.upstream import Upstream
from flakestorm.chaos.traffic import Traffic
from flakestorm.model.errors import WorkError

BACKLOG = 4096
IDLE_S = 3600.0
"""Longer than any client keeps a connection: one that the gateway closes looks like a fault."""
LINGER_S = 2.0
"""How long the rest of a refused body is read, so that the caller sees the refusal and no reset."""
CLOSE_S = 0.2
_WHY_NOT = {
    errno.EADDRINUSE: "it is in use. Choose another port, or 0 for any free one",
    errno.EACCES: "only administrators may use it. Choose a port above 1023, or 0 for any free one",
    errno.EADDRNOTAVAIL: "this machine does not have that address",
}

log = logging.getLogger(__name__)
log.addHandler(logging.NullHandler())


class TooLarge(Exception):
    """The request's body is larger than ``limit`` bytes."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"the request's body has more than {limit} bytes (chaos.gateway.max_request_bytes)")


class Gateway:
    """A proxy on this machine through which an agent calls. Use it with ``async with``.

    It listens on ``lanes`` ports of ``host``: from ``port`` on, or on free ones where that is 0. A lane has
    one trial at a time, so that calls that do not name their trial are told apart. ``fallback`` gives the
    traffic of calls that are no trial's. ``surroundings`` are the environment variables that the agent would
    have (default: this process's): they name upstreams and proxies. ``control`` and ``token`` are for the
    admin API. Entering raises ``WorkError`` when a port cannot be had.
    """

    def __init__(
        self,
        config: GatewayConfig,
        lanes: int = 1,
        port: int = 0,
        host: str = "127.0.0.1",
        *,
        fallback: Callable[[], Traffic] | None = None,
        surroundings: Mapping[str, str] | None = None,
        control: Control | None = None,
        token: str = "",
    ) -> None:
        self.addresses: tuple[str, ...] = ()
        self.seen = 0
        self._config = config
        self._places = [(host, port + lane if port else 0) for lane in range(lanes)]
        self._surroundings = os.environ if surroundings is None else surroundings
        self._attribution = Attribution(lanes, fallback)
        self._admin = Admin(self.figures, token, control)
        self._tasks: dict[asyncio.Task[None], Traffic | None] = {}
        self._stack = AsyncExitStack()
        self._routes: Routes
        self._upstream: Upstream

    async def __aenter__(self) -> Gateway:
        async with AsyncExitStack() as stack:
            ports = []
            for lane, (host, port) in enumerate(self._places):
                ports.append(await self._listen(stack, lane, host, port))
            hosts = [host for host, _ in self._places]
            self.addresses = tuple(f"http://{host}:{port}" for host, port in zip(hosts, ports, strict=True))
            own = frozenset(
                (name, port) for port in ports for name in ("127.0.0.1", "localhost", "::1", *hosts)
            )
            self._routes = Routes(self._config, self._surroundings, own)
            without_itself = _not_through(own, self._surroundings)
            self._upstream = await stack.enter_async_context(Upstream(without_itself))
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for task in list(self._tasks):
            task.cancel()
        await self._stack.aclose()

    def environment(self, lane: int = 0) -> dict[str, str]:
        """What to add to the environment of an agent whose calls are to arrive on ``lane``."""
        return environment(self.addresses[lane], self._config, self._surroundings)

    def enter(self, traffic: Traffic, lane: int | None = 0) -> None:
        """A trial begins on ``lane``; None for one whose agent names it in each call.

        Raises ``ValueError`` when the lane is taken.
        """
        self._attribution.enter(traffic, lane)

    def leave(self, traffic: Traffic) -> None:
        """The trial is over: what a fault still holds up is ended, and what just passes goes on."""
        self._attribution.leave(traffic)
        for task, owner in list(self._tasks.items()):
            if owner is traffic:
                task.cancel()

    @property
    def strays(self) -> int:
        """How many calls were nobody's."""
        return self._attribution.strays.seen

    @property
    def forwarded(self) -> frozenset[str]:
        """The ids of trials that were named in one of their calls."""
        return frozenset(self._attribution.forwarded)

    def figures(self) -> dict[str, int]:
        """Calls so far, those open now, and those that were nobody's."""
        return {"calls": self.seen, "open": len(self._tasks), "strays": self.strays}

    async def _listen(self, stack: AsyncExitStack, lane: int, host: str, port: int) -> int:
        http = web.Server(
            partial(self._handle, lane),
            handler_cancellation=True,
            auto_decompress=False,
            access_log=None,
            logger=log,
            keepalive_timeout=IDLE_S,
            lingering_time=LINGER_S,
            max_line_size=HEADER_BYTES,
            max_field_size=HEADER_BYTES,
        )
        loop = asyncio.get_running_loop()
        try:
            server = await loop.create_server(http, host, port, backlog=BACKLOG)
        except OSError as error:
            reason = _WHY_NOT.get(error.errno or 0, error.strerror or str(error))
            raise WorkError(f"the gateway cannot listen on port {port} of {host}: {reason}") from None
        stack.push_async_callback(http.shutdown, CLOSE_S)
        stack.callback(server.close)
        taken: int = server.sockets[0].getsockname()[1]
        return taken

    async def _handle(self, lane: int, request: web.BaseRequest) -> Sent:
        caller = Caller(request)
        try:
            await self._serve(lane, request, caller)
            if request.method == "CONNECT":
                # No other request can follow: its bytes would be taken for those of the tunnel.
                caller.close()
        except CallerLeft:
            pass
        except Exception:
            log.exception("the gateway failed at %s %s", request.method, request.path)
            if caller.has_begun:
                await caller.reset()
            else:
                refuse(
                    caller, 500, "flakestorm's gateway failed; its log says how. This is no injected fault."
                )
        return GOES_ON if caller.keeps_alive else IS_OVER

    async def _serve(self, lane: int, request: web.BaseRequest, caller: Caller) -> None:
        try:
            body = await self._body(request, caller)
            route = self._route(request)
        except TooLarge as error:
            caller.keeps_alive = False
            refuse(caller, 413, str(error))
            return
        except NoRoute as error:
            refuse(caller, 404, str(error))
            return
        if route.is_admin:
            self._administer(request, route.path, caller, body)
            return
        if "Upgrade" in request.headers and request.headers["Upgrade"].lower() == "websocket":
            refuse(caller, 501, "flakestorm's gateway passes HTTP on, and no WebSockets")
            return
        call = self._routes.call(route, request.method, text(request.raw_headers), body)
        traffic = self._attribution.traffic(call.headers, lane)
        self.seen += 1
        opened = traffic.open(call)
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - a handler always runs in a task
        self._tasks[task] = None if opened.effect.is_nothing else traffic
        try:
            await Exchange(caller, self._upstream, opened, request.raw_headers, route.setting).run()
        finally:
            del self._tasks[task]

    def _route(self, request: web.BaseRequest) -> Route:
        target = request.raw_path
        if request.method != "CONNECT":
            return self._routes.find(target)
        url = tunnel_url(target)
        if url is None:
            raise NoRoute(f"CONNECT needs host:port, not '{target}'")
        return Route(url)

    async def _body(self, request: web.BaseRequest, caller: Caller) -> bytes:
        """All of the request's body. Raises ``TooLarge``."""
        if request.method == "CONNECT" or not request.body_exists:
            return b""
        limit = self._config.max_request_bytes
        if (request.content_length or 0) > limit:
            raise TooLarge(limit)
        if "Expect" in request.headers and request.headers["Expect"].lower() == "100-continue":
            caller.interim()
        if request.content_length is not None:
            return await request.content.read()
        pieces, size = [], 0
        async for piece in request.content.iter_any():
            pieces.append(piece)
            size += len(piece)
            if size > limit:
                raise TooLarge(limit)
        return b"".join(pieces)

    def _administer(self, request: web.BaseRequest, path: str, caller: Caller, body: bytes) -> None:
        headers = {name.lower(): value for name, value in request.headers.items()}
        answer = self._admin.answer(request.method, path, headers, body)
        length = ("content-length", str(len(answer.body)))
        caller.begin(answer.status, None, octets((*answer.headers, length)))
        caller.write(answer.body)
        caller.end()


def _not_through(own: frozenset[tuple[str, int]], surroundings: Mapping[str, str]) -> dict[str, str]:
    """``surroundings`` without proxies that are this very gateway."""
    addresses = tuple(f"http://{host}:{port}" for host, port in own)
    return {
        name: value
        for name, value in surroundings.items()
        if not (name.lower().endswith("_proxy") and value.rstrip("/").startswith(addresses))
    }
