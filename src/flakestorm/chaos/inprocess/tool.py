"""``@flakestorm.tool``: marks a function of an agent as a tool, so that tool faults can reach it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, overload

from flakestorm.chaos.inprocess.functions import is_generator, wrapped
from flakestorm.model.errors import UsageError

F = TypeVar("F", bound=Callable[..., Any])

declared: set[str] = set()
"""The names of all functions that were marked in this process."""


@overload
def tool(function: F, *, name: str | None = None) -> F: ...
@overload
def tool(function: None = None, *, name: str | None = None) -> Callable[[F], F]: ...
def tool(function: F | None = None, *, name: str | None = None) -> F | Callable[[F], F]:
    """Mark a sync or async function as a tool: ``@tool``, or ``@tool(name="search")``.

    In a trial each call passes the faults of its scenario; at any other time the function is what it was. Its
    name is its own unless ``name`` gives another. Put the decorator nearest to the function, below those of
    frameworks. Raises ``UsageError`` for what is not a function with a result.
    """

    def mark(marked: F) -> F:
        own = name or getattr(marked, "__name__", "")
        if not callable(marked) or isinstance(marked, type) or is_generator(marked) or not own:
            raise UsageError(
                f"@flakestorm.tool: {marked!r} cannot be a tool. Accepted: a function or an async function "
                'that returns its result, e.g. @flakestorm.tool or @flakestorm.tool(name="search") before it.'
            )
        declared.add(own)
        return wrapped(marked, own)  # type: ignore[return-value]  # it has the same signature

    return mark if function is None else mark(function)
