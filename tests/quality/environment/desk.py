"""The correct agents: an order desk that stays honest and brief whatever fails around it."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar
from uuid import uuid4

import aiohttp

from environment.conversing import (
    AiohttpClient,
    Client,
    HttpxClient,
    Messages,
    Said,
    StreamingClient,
    ToolRequest,
)
from environment.failures import CallFailed
from environment.language_model import ARMED, SORRY, UNARMED
from environment.patience import within
from environment.shop import order_status

T = TypeVar("T")

KNOWN_TOOLS = frozenset({"order_status", "refund"})
PLAIN = re.compile(r"[\w ,.-]{1,40}")
"""What a field of a result looks like."""


def plain(value: Any) -> str | None:
    """The first line of a field, as fields of the shop have no more; None for what is none of the shop's."""
    line = value.partition("\n")[0] if isinstance(value, str) else ""
    return line if PLAIN.fullmatch(line) else None


class Desk:
    """Tells where orders are and makes refunds, with a model and the tools of a shop."""

    client: type[Client] = AiohttpClient
    instructions = f"{UNARMED} {ARMED}"
    tries = 3
    most_rounds = 8
    longest_wait_s = 1.2
    tool_patience_s: float | None = 1.4
    deadline_s: float | None = 5.0

    def __init__(self, llm_url: str, shop_url: str) -> None:
        self.model = self.client(llm_url)
        self._shop_url = shop_url
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=None))

    async def close(self) -> None:
        """Let go of all connections."""
        await self.model.close()
        await self._session.close()

    async def __call__(self, prompt: str) -> str:
        """The reply to ``prompt``."""
        try:
            return await within(self.deadline_s, self.answer(prompt))
        except CallFailed as problem:
            return self.excuse(problem)
        except asyncio.TimeoutError:
            return SORRY

    def excuse(self, problem: CallFailed) -> str:
        """What the customer is told when the model cannot be asked."""
        return SORRY

    async def answer(self, prompt: str) -> str:
        """The agent loop: ask the model, use the tools that it wants, until it answers."""
        messages: Messages = [
            {"role": "system", "content": self.instructions},
            {"role": "user", "content": prompt},
        ]
        for _ in range(self.most_rounds):
            said = await self.ask(messages)
            if not said.requests:
                return self.final(said)
            messages.append(said.message())
            results = [(request.id, await self.result(request)) for request in said.requests]
            messages += [{"role": "tool", "tool_call_id": id_, "content": text} for id_, text in results]
        return SORRY

    def final(self, said: Said) -> str:
        """The reply, made of the last answer."""
        return said.text

    async def ask(self, messages: Messages) -> Said:
        """A good answer of the model, after several tries if need be."""

        async def attempt() -> Said:
            return self.checked(await self.model.ask(messages))

        return await self.insist(attempt)

    def checked(self, said: Said) -> Said:
        """``said`` if it is whole and can be used, each tool call once. Raises ``CallFailed``."""
        if said.finish not in ("stop", "tool_calls") or not (said.text.strip() or said.requests):
            raise CallFailed(f"the answer is not whole ({said.finish})")
        for request in said.requests:
            if request.name not in KNOWN_TOOLS:
                raise CallFailed(f"there is no tool {request.name}")
            self.arguments(request)
        once = {(request.name, request.arguments): request for request in reversed(said.requests)}
        return Said(said.text, tuple(reversed(once.values())), said.finish)

    def arguments(self, request: ToolRequest) -> dict[str, Any]:
        """The arguments of a tool call. Raises ``CallFailed``."""
        try:
            arguments = json.loads(request.arguments)
        except ValueError:
            arguments = None
        if not isinstance(arguments, dict) or not isinstance(arguments.get("order"), str):
            raise CallFailed("the arguments cannot be used")
        return arguments

    async def result(self, request: ToolRequest) -> str:
        """What the model is told of a tool call."""
        try:
            return json.dumps(await self.used(request))
        except CallFailed as problem:
            return json.dumps(self.told(problem))

    def told(self, problem: CallFailed) -> dict[str, str]:
        """What the model is told of a tool that failed."""
        return {"error": "unavailable"}

    async def used(self, request: ToolRequest) -> dict[str, Any]:
        """The result of a tool, after several tries if need be. Raises ``CallFailed``."""
        order = self.arguments(request)["order"]
        if request.name == "refund":
            return await self.refunded(order, str(self.arguments(request).get("amount")))

        return await self.insist(lambda: self.looked_up(order))

    async def looked_up(self, order: str) -> dict[str, Any]:
        """An order after one try. Raises ``CallFailed``."""
        return self.credible(await self.patient(self.status(order)), order)

    async def status(self, order: str) -> Any:
        """The status of an order as the shop tells it."""
        try:
            return await order_status(order)
        except (KeyError, OSError, RuntimeError) as error:
            raise CallFailed(str(error)) from None
        except Exception as error:  # noqa: BLE001 - a tool may raise anything
            headers = getattr(error, "headers", {})
            raise CallFailed(str(error), getattr(error, "status", 0), headers) from None

    def credible(self, result: Any, order: str) -> dict[str, Any]:
        """The known fields of a result, if all are there, plain, and of this order. Raises ``CallFailed``."""
        said = result if isinstance(result, dict) else {}
        fields = {name: plain(said.get(name)) for name in ("order", "status", "eta", "carrier")}
        if fields["order"] != order or None in fields.values():
            raise CallFailed("the result cannot be used")
        return fields

    async def refunded(self, order: str, amount: str) -> dict[str, Any]:
        """A refund made once: where its answer is lost, the shop is asked before it is made again."""
        key = f"{order}-{uuid4().hex}"
        body = {"order": order, "amount": amount, "key": key}
        sent = False

        async def attempt() -> dict[str, Any]:
            nonlocal sent
            if sent:
                made = self.receipt(await self.call("GET", f"/refunds/{key}"), order)
                if made["refund"] is not None:
                    return made
            sent = True
            return self.receipt(await self.call("POST", "/refunds", body), order)

        return await self.insist(attempt)

    def receipt(self, result: Any, order: str) -> dict[str, Any]:
        """The known fields of a refund. Raises ``CallFailed``."""
        said = result if isinstance(result, dict) else {}
        number = plain(said.get("refund"))
        unknown = "refund" in said and said["refund"] is None
        if plain(said.get("order")) != order or (number is None and not unknown):
            raise CallFailed("the result cannot be used")
        return {"order": order, "refund": number}

    async def call(self, method: str, path: str, body: Any = None) -> Any:
        """What the shop answers over HTTP. Raises ``CallFailed``."""
        return self.document(await self.patient(self.fetched(method, path, body)))

    async def fetched(self, method: str, path: str, body: Any) -> str:
        """The text of an answer with status 200."""
        try:
            async with self._session.request(method, self._shop_url + path, json=body) as answer:
                text = await answer.text(errors="replace")
                if answer.status != 200:
                    raise CallFailed(text, answer.status, answer.headers)
                return text
        except aiohttp.ClientError as error:
            raise CallFailed(f"{type(error).__name__}: {error}") from None

    def document(self, text: str) -> Any:
        """``text`` as JSON."""
        try:
            return json.loads(text)
        except ValueError:
            raise CallFailed("the result is no JSON") from None

    async def patient(self, waiting: Awaitable[T]) -> T:
        """What ``waiting`` gives in time."""
        try:
            return await within(self.tool_patience_s, waiting)
        except asyncio.TimeoutError:
            raise CallFailed("no answer in time") from None

    async def insist(self, attempt: Callable[[], Awaitable[T]]) -> T:
        """``attempt`` until it succeeds, or until it is no use."""
        for number in range(1, self.tries + 1):
            try:
                return await attempt()
            except CallFailed as problem:
                pause = self.pause_s(problem, number)
                if number == self.tries or problem.is_permanent or pause > self.longest_wait_s:
                    raise
                await asyncio.sleep(pause)
        raise AssertionError("the last try returns or raises")

    def pause_s(self, problem: CallFailed, number: int) -> float:
        """Seconds to wait before the next try: as long as was asked for, or a little longer each time."""
        return 0.05 * 2**number if problem.wait_s is None else problem.wait_s


class RemoteDesk(Desk):
    """The same with httpx, and with orders over HTTP."""

    client = HttpxClient

    async def status(self, order: str) -> Any:
        """See ``Desk``."""
        return self.document(await self.fetched("GET", f"/orders/{order}", None))


class StreamingDesk(Desk):
    """The same with streamed answers."""

    client = StreamingClient
