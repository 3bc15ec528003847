"""``@flakestorm.tool``: the function itself at all times, and a tool in trials."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import flakestorm
from flakestorm.chaos.effect import Answer, Effect
from flakestorm.chaos.inprocess.installed import installed
from flakestorm.chaos.inprocess.tool import declared
from flakestorm.model.errors import UsageError


@pytest.fixture(autouse=True)
def _forgotten() -> Iterator[None]:
    before = set(declared)
    yield
    declared.clear()
    declared.update(before)


async def test_marked_functions(trial: Callable[..., Any]) -> None:
    """Sync and async, with and without a name; calls are seen without an installation, too."""

    @flakestorm.tool
    def search(query: str) -> str:
        """Find."""
        return query

    @flakestorm.tool(name="shop")
    async def order(item: str) -> list[str]:
        return [item]

    assert (search("x"), await order("y"), search.__doc__) == ("x", ["y"], "Find.")
    assert str(inspect.signature(search)) == "(query: 'str') -> 'str'"
    twice = Effect(("f",), rewrite=lambda answer: Answer(200, (), answer.body * 2))
    with trial(twice) as traffic:
        assert search("x") == "xx"
    assert [call.name for call in traffic.calls()] == ["search"]
    with installed(tools={"m:search": search}) as reach, trial() as traffic:
        assert (search("x"), await order("y")) == ("x", ["y"])
    assert [call.name for call in traffic.calls()] == ["search", "shop"]
    assert reach.seen == {"functions": 2}
    assert reach.tools >= {"search", "shop"}


def test_method_is_a_tool(trial: Callable[..., Any]) -> None:
    """The decorator works on methods."""

    class Shop:
        @flakestorm.tool
        def price(self, item: str) -> int:
            return len(item)

    with trial() as traffic:
        assert Shop().price("abc") == 3
    assert traffic.requests[0].body == b'{"item": "abc"}'


def test_tool_in_a_tool_is_another_call(trial: Callable[..., Any]) -> None:
    """Tools that call each other are two calls; one that is known twice under one name is one."""

    @flakestorm.tool
    def inner() -> int:
        return 1

    @flakestorm.tool(name="outer")
    @flakestorm.tool(name="outer")
    def outer() -> int:
        return inner() + 1

    with trial() as traffic:
        assert outer() == 2
    assert [call.name for call in traffic.calls()] == ["outer", "inner"]


def _generator() -> Iterator[int]:
    yield 1


@pytest.mark.parametrize("value", [3, int, _generator])
def test_what_is_no_function_is_refused(value: Any) -> None:
    """The message shows how it is done."""
    with pytest.raises(UsageError, match=r"@flakestorm\.tool: .* cannot be a tool. Accepted: a function"):
        flakestorm.tool(value)
