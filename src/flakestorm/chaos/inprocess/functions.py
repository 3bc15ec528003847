"""Plain functions as tools: wrapped, so that each call in a trial passes through its effect."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from typing import Any

from flakestorm.chaos.inprocess.active import active, opened
from flakestorm.chaos.inprocess.calls import ToolCall, arguments_of, returns_text, running, tool_request
from flakestorm.chaos.traffic import OpenCall, Traffic, current_traffic

MARK = "__flakestorm_tool__"
"""The attribute of wrapped functions that has the name of the tool."""

LIBRARY = "functions"
"""Under which calls of Python tools are counted."""


def wrapped(function: Callable[..., Any], name: str) -> Callable[..., Any]:
    """``function`` as the tool ``name``. Outside of trials it is ``function`` itself that runs."""
    where = f"{getattr(function, '__module__', '')}.{getattr(function, '__qualname__', name)}"
    is_text = returns_text(function)

    def begun(args: tuple[Any, ...], kwargs: dict[str, Any]) -> OpenCall | None:
        traffic = _traffic(name)
        if traffic is None:
            return None
        request = tool_request(name, where, arguments_of(function, args, kwargs))
        return opened(traffic, LIBRARY, request)

    if _is_async(function):

        @wraps(function)
        async def awaiting(*args: Any, **kwargs: Any) -> Any:
            call = begun(args, kwargs)
            if call is None:
                return await function(*args, **kwargs)
            return await ToolCall(name, is_text).awaiting(call, lambda: function(*args, **kwargs))

        setattr(awaiting, MARK, name)
        return awaiting

    @wraps(function)
    def blocking(*args: Any, **kwargs: Any) -> Any:
        call = begun(args, kwargs)
        if call is None:
            return function(*args, **kwargs)
        return ToolCall(name, is_text).blocking(call, lambda: function(*args, **kwargs))

    setattr(blocking, MARK, name)
    return blocking


def tool_name_of(value: object) -> str | None:
    """The name under which ``value`` is wrapped already, None when it is not."""
    name = getattr(value, MARK, None)
    return name if isinstance(name, str) else None


def is_generator(function: object) -> bool:
    """Whether calling ``function`` makes a generator, which has no result to disturb."""
    return inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function)


def _traffic(name: str) -> Traffic | None:
    if running.get() == name:
        return None
    watch = active()
    return current_traffic.get() if watch is None else watch.traffic(LIBRARY)


def _is_async(function: Callable[..., Any]) -> bool:
    call = getattr(function, "__call__", None)  # noqa: B004 - wanted is the method, not whether there is one
    return inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(call)
