"""One call of a Python tool through its effect: values in, values out, exceptions for everything else."""

from __future__ import annotations

import asyncio
import inspect
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

from flakestorm.chaos.effect import Answer
from flakestorm.chaos.inprocess.awaiting import async_passed
from flakestorm.chaos.inprocess.blocking import passed
from flakestorm.chaos.inprocess.remade import made_again, tape_raised, type_in, typed
from flakestorm.chaos.inprocess.tool_fault import ToolError, ToolRefused, ToolReset, ToolTimeout
from flakestorm.chaos.inprocess.values import answer_of, made_up_value, value_of
from flakestorm.chaos.inprocess.words import AsyncReply, Headers, Reply
from flakestorm.chaos.request import CallRequest
from flakestorm.chaos.traffic import OpenCall

_NOT_CALLED = object()

running: ContextVar[str] = ContextVar("flakestorm_tool", default="")
"""The tool in which code runs: a tool that is known in two ways is one call all the same."""


class ToolWords:
    """What a Python tool raises."""

    patience_s = None

    def __init__(self, name: str) -> None:
        self._name = name

    def ended(self, error: BaseException, begun: bool) -> str:  # noqa: ARG002 - a value comes at once
        """The agent's cancellation, or the tool's own exception."""
        return "left" if isinstance(error, asyncio.CancelledError) else "raised"

    def refused(self) -> Exception:
        """The tool cannot be reached."""
        return ToolRefused(111, f"tool '{self._name}': connection refused")

    def reset(self) -> Exception:
        """The connection broke before the tool was called."""
        return self.cut()

    def lost(self) -> Exception:
        """The caller does not learn that the tool did its work."""
        return self.closed()

    def closed(self) -> Exception:
        """A hang ends as a timeout: there is no connection that could be closed."""
        return ToolTimeout(f"tool '{self._name}' timed out")

    def timed_out(self) -> Exception:
        """The same."""
        return self.closed()

    def cut(self) -> Exception:
        """The connection broke."""
        return ToolReset(104, f"tool '{self._name}': connection reset by peer")

    def short(self) -> Exception:
        """The result is incomplete."""
        return self.cut()

    def bad_chunk(self) -> Exception:
        """The result is unreadable."""
        return self.cut()


@dataclass
class ToolCall:
    """A call of the tool ``name``. ``is_text`` says that its results are texts, as far as is known."""

    name: str
    is_text: bool = False
    value: Any = field(default=_NOT_CALLED, init=False)
    _body: bytes = field(default=b"", init=False)

    def blocking(self, call: OpenCall, function: Callable[[], Any]) -> Any:
        """The result of ``function`` as the agent gets it. Raises ``ToolFault``, or what the tool raises."""

        def upstream(_content: bytes | None) -> Reply:
            try:
                value = function()
            except Exception as error:
                tape_raised(call.tape, error)
                raise
            answer = self._answer(value, call)
            return Reply(answer.status, answer.headers, iter((answer.body,)), lambda: None)

        token = running.set(self.name)
        try:
            reply = passed(call, ToolWords(self.name), upstream)
            return self._result(reply.status, reply.headers, b"".join(reply.pieces))
        finally:
            running.reset(token)

    async def awaiting(self, call: OpenCall, function: Callable[[], Awaitable[Any]]) -> Any:
        """The same for an async tool."""

        async def upstream(_content: bytes | None) -> AsyncReply:
            try:
                value = await function()
            except Exception as error:
                tape_raised(call.tape, error)
                raise
            answer = self._answer(value, call)
            return AsyncReply(answer.status, answer.headers, _one(answer.body), _nothing)

        token = running.set(self.name)
        try:
            reply = await async_passed(call, ToolWords(self.name), upstream)
            body = b"".join([piece async for piece in reply.pieces])
            return self._result(reply.status, reply.headers, body)
        finally:
            running.reset(token)

    def _result(self, status: int, headers: Headers, body: bytes) -> Any:
        if status >= 400:
            text = body.decode("utf-8", "replace")
            message = f"tool '{self.name}' failed with status {status}: {text[:500]}"
            raise ToolError(message, status, text, {name.lower(): value for name, value in headers})
        if self.value is _NOT_CALLED:
            recorded_type = type_in(headers)
            if recorded_type:
                return made_again(body, recorded_type)
            return made_up_value(body, self.is_text)
        return self.value if body == self._body else value_of(body, self.value)

    def _answer(self, value: Any, call: OpenCall) -> Answer:
        self.value = value
        answer = answer_of(value)
        self._body = answer.body
        return answer if call.tape is None else replace(answer, headers=typed(answer, value))


async def _one(body: bytes) -> AsyncIterator[bytes]:
    yield body


async def _nothing() -> None:
    """There is no connection to let go of."""


def tool_request(name: str, where: str, arguments: object) -> CallRequest:
    """The call of a Python tool as the faults see it; ``where`` is its module and qualified name."""
    try:
        body = json.dumps(arguments, default=repr, ensure_ascii=False)
    except (TypeError, ValueError, RecursionError):
        body = repr(arguments)
    return CallRequest(
        "tool", name, "", "CALL", f"python:{where}", {}, body.encode("utf-8", "backslashreplace")
    )


@lru_cache(maxsize=256)
def _signature(function: Callable[..., Any]) -> inspect.Signature:
    return inspect.signature(function)


def arguments_of(function: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any]) -> object:
    """The arguments by name, or by position where they do not fit."""
    try:
        bound = _signature(function).bind(*args, **kwargs).arguments
    except (TypeError, ValueError):
        return {"args": list(args), **kwargs}
    return {key: value for key, value in bound.items() if key not in ("self", "cls")}


def returns_text(function: Callable[..., Any]) -> bool:
    """Whether ``function`` is annotated as returning ``str``."""
    return getattr(function, "__annotations__", {}).get("return") in (str, "str")
