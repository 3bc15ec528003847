"""Hooks for the tools of LangChain and LangGraph, which are all called through the same two methods."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import wraps
from typing import Any

from flakestorm.chaos.inprocess.calls import ToolCall, running, tool_request
from flakestorm.chaos.inprocess.patches import Patches
from flakestorm.chaos.inprocess.watch import Watch
from flakestorm.chaos.traffic import OpenCall

LIBRARY = "langchain"


def hook_langchain(watch: Watch, patches: Patches) -> None:
    """Install the hooks in ``BaseTool``; LangGraph's ``ToolNode`` calls it like everybody else."""
    from langchain_core.tools import BaseTool

    patches.attribute(BaseTool, "run", _blocking(watch, BaseTool.run))
    patches.attribute(BaseTool, "arun", _awaiting(watch, BaseTool.arun))


def _blocking(watch: Watch, original: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(original)
    def run(self: Any, tool_input: Any, *args: Any, **kwargs: Any) -> Any:
        call = _begun(watch, self, tool_input)
        if call is None:
            return original(self, tool_input, *args, **kwargs)
        result = _Result(self, kwargs)
        value = ToolCall(self.name, is_text=True).blocking(
            call, lambda: result.content(original(self, tool_input, *args, **kwargs))
        )
        return result.given(value)

    return run


def _awaiting(watch: Watch, original: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(original)
    async def arun(self: Any, tool_input: Any, *args: Any, **kwargs: Any) -> Any:
        call = _begun(watch, self, tool_input)
        if call is None:
            return await original(self, tool_input, *args, **kwargs)
        result = _Result(self, kwargs)

        async def content() -> Any:
            return result.content(await original(self, tool_input, *args, **kwargs))

        return result.given(await ToolCall(self.name, is_text=True).awaiting(call, content))

    return arun


def _begun(watch: Watch, tool: Any, tool_input: Any) -> OpenCall | None:
    traffic = watch.traffic(LIBRARY)
    if traffic is None or running.get() == tool.name:
        return None
    where = f"{type(tool).__module__}.{type(tool).__qualname__}"
    return watch.open(traffic, LIBRARY, tool_request(tool.name, where, tool_input))


class _Result:
    """What a tool returns: a value, or a message around it when a model asked for the call."""

    def __init__(self, tool: Any, kwargs: dict[str, Any]) -> None:
        self._name = tool.name
        self._call_id: str | None = kwargs.get("tool_call_id")
        self._message: Any = None
        self._called = False

    def content(self, result: Any) -> Any:
        """What faults may change of ``result``."""
        from langchain_core.messages import ToolMessage

        self._called = True
        if not isinstance(result, ToolMessage):
            return result
        self._message = result
        return result.content

    def given(self, value: Any) -> Any:
        """What the agent gets, where ``value`` came of the content."""
        if self._message is not None:
            if value is self._message.content:
                return self._message
            return self._message.model_copy(update={"content": _text(value)})
        if self._called or self._call_id is None:
            return value
        from langchain_core.messages import ToolMessage

        return ToolMessage(content=_text(value), tool_call_id=self._call_id, name=self._name)


def _text(value: Any) -> str | list[Any]:
    """A message holds a text or a list of content blocks."""
    if isinstance(value, str) or (isinstance(value, list) and all(isinstance(v, str | dict) for v in value)):
        return value
    return json.dumps(value, ensure_ascii=False)
