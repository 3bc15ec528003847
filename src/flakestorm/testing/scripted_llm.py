"""A real HTTP server on this machine that stands in for an LLM provider."""

from __future__ import annotations

import json
import socket
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from itertools import count
from types import TracebackType
from typing import Any

from aiohttp import web

from flakestorm.testing import anthropic_wire, common_paths, google_wire, ollama_wire, openai_wire
from flakestorm.testing.port import WireFormat
from flakestorm.testing.script import Answer, Failure, Message, Reply, Rule, Script, Tool, perform, script_of

FORMATS: tuple[WireFormat, ...] = (
    openai_wire.routes,
    anthropic_wire.routes,
    google_wire.routes,
    ollama_wire.routes,
    common_paths.routes,
)
"""In this order, because the last one has an answer to every path."""
LARGEST_REQUEST = 64 << 20
GRACE_S = 0.5
"""How long open requests may go on when the server stops."""

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class Received:
    """A request as it came in; ``body`` is its JSON, or None where it had none."""

    method: str
    path: str
    body: Any


class ScriptedLLM:
    """An LLM that says what ``script`` says, over the wire formats of the real APIs.

    ``script`` is a function ``(messages, tools) -> Reply | Failure | str`` (async or not), a list of
    ``Rule``, or one answer to everything. ``models`` are the names that it accepts (none: any), ``api_key``
    the key that it wants (None: any or none), ``kept`` how many requests it remembers in ``requests``. A
    ``shared_port`` can be had by several of them at once, where the system can share ports; each connection
    goes to one of them.
    Use it as ``async with ScriptedLLM(...) as llm:`` and point the client at ``llm.openai_url``,
    ``llm.anthropic_url``, ``llm.google_url`` or ``llm.ollama_url``.
    """

    def __init__(
        self,
        script: Script | Sequence[Rule] | Answer,
        *,
        models: Sequence[str] = (),
        api_key: str | None = None,
        port: int = 0,
        shared_port: bool = False,
        kept: int = 1000,
    ) -> None:
        self.models = models
        self.api_key = api_key
        self.port = port
        self._shared_port = shared_port
        self.requests: deque[Received] = deque(maxlen=kept)
        self._script = script_of(script)
        self._numbers = count(1)
        self._runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        """``http://127.0.0.1:PORT``, without a path."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def openai_url(self) -> str:
        """What the official OpenAI clients call ``base_url``."""
        return f"{self.url}/v1"

    @property
    def anthropic_url(self) -> str:
        """What the official Anthropic clients call ``base_url``."""
        return self.url

    @property
    def google_url(self) -> str:
        """What the official Google clients call ``base_url`` in their ``http_options``."""
        return self.url

    @property
    def ollama_url(self) -> str:
        """What the official Ollama clients call ``host``."""
        return self.url

    async def __aenter__(self) -> ScriptedLLM:
        app = web.Application(client_max_size=LARGEST_REQUEST, middlewares=[self._remember])
        for wire_format in FORMATS:
            app.router.add_routes(wire_format(self))
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=GRACE_S)
        await self._runner.setup()
        shared = self._shared_port and hasattr(socket, "SO_REUSEPORT")
        await web.TCPSite(self._runner, "127.0.0.1", self.port, reuse_port=shared or None).start()
        self.port = self._runner.addresses[0][1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    async def answer(self, messages: Sequence[Message], tools: Sequence[Tool]) -> Reply | Failure:
        """What the script says to this conversation."""
        try:
            return await perform(self._script, messages, tools)
        except Exception as error:  # noqa: BLE001 - a script may raise anything; its writer sees it at the client
            # 4xx, because clients send a 5xx again.
            return Failure(400, f"the script of the scripted LLM failed: {type(error).__name__}: {error}")

    def number(self) -> int:
        """1, 2, 3 … for ids that differ."""
        return next(self._numbers)

    @web.middleware
    async def _remember(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            body = json.loads(await request.read())
        except ValueError:
            body = None
        self.requests.append(Received(request.method, request.path, body))
        return await handler(request)
