"""Registries of tools: mappings, lists, and objects of frameworks."""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType, SimpleNamespace
from typing import Any

import pytest

from flakestorm.chaos.effect import Answer, Effect
from flakestorm.chaos.inprocess.installed import installed
from flakestorm.model.errors import UsageError

DOUBLED = Effect(("f",), rewrite=lambda answer: Answer(200, answer.headers, answer.body * 2))


def _search(query: str) -> str:
    return f"found {query}"


async def _asearch(query: str) -> str:
    return f"found {query}"


def test_mapping_names_its_tools(trial: Callable[..., Any]) -> None:
    """The key is the name, whatever the function is called."""
    registry = {"lookup": _search, "again": lambda query: query}
    before = dict(registry)
    with installed(tool_registry={"m:registry": registry}) as reach, trial(DOUBLED) as traffic:
        assert registry["lookup"]("x") == "found xfound x"
        assert registry["again"]("y") == "yy"
    assert [call.name for call in traffic.calls()] == ["lookup", "again"]
    assert reach.tools >= {"lookup", "again"}
    assert registry == before


def test_list_of_functions_and_objects(trial: Callable[..., Any]) -> None:
    """Functions have their own names, objects theirs; the function in an object is replaced."""
    framework = SimpleNamespace(name="shop", description="", func=_search, coroutine=None)
    runner = SimpleNamespace(name="runner", run=_search, invoke=_search)
    registry: list[Any] = [_search, framework, runner]
    with installed(tool_registry={"m:registry": registry}), trial(DOUBLED) as traffic:
        assert [registry[0]("x"), framework.func("x"), runner.run("x")] == ["found xfound x"] * 3
        assert runner.invoke("x") == "found x"
    assert [call.name for call in traffic.calls()] == ["_search", "shop", "runner"]
    assert (registry[0], framework.func, runner.run) == (_search, _search, _search)


async def test_object_with_both_functions(trial: Callable[..., Any]) -> None:
    """A sync and an async way are one tool."""
    framework = SimpleNamespace(name="shop", func=_search, coroutine=_asearch)
    with installed(tool_registry={"m:r": SimpleNamespace(tools=[framework])}), trial() as traffic:
        assert framework.func("x") == await framework.coroutine("x") == "found x"
    assert [call.name for call in traffic.calls()] == ["shop", "shop"]


@pytest.mark.parametrize("value", [3, SimpleNamespace(tools=3), "text"])
def test_what_is_no_registry_is_refused(value: object) -> None:
    """The message names what it is, and what would do."""
    with (
        pytest.raises(UsageError, match=r"agent\.tool_registry: 'm:r' is .*Accepted: a dict"),
        installed(tool_registry={"m:r": value}),
    ):
        pass


@pytest.mark.parametrize("value", [(_search,), MappingProxyType({"a": _search})])
def test_registry_that_cannot_change_is_refused(value: object) -> None:
    """A function in a tuple cannot be replaced, and the message says what can."""
    with (
        pytest.raises(UsageError, match=r"cannot be changed, so the tool .* Use a dict or a list"),
        installed(tool_registry={"m:r": value}),
    ):
        pass


def test_object_that_cannot_change_is_refused() -> None:
    """An object with slots has no room for a replacement; the decorator helps."""

    class Slotted:
        __slots__ = ("func", "name")

        def __init__(self) -> None:
            self.name = "s"
            self.func = _search

    with (
        pytest.raises(UsageError, match=r"Slotted\.func cannot be replaced .*@flakestorm\.tool"),
        installed(tools={"m:s": Slotted()}),
    ):
        pass


def test_what_the_agent_changes_itself_stays(trial: Callable[..., Any]) -> None:
    """An entry that the agent replaced or removed during the run is its own doing."""
    registry: dict[str, Any] = {"a": _search, "b": _search, "c": _search}
    with installed(tool_registry={"m:r": registry}), trial():
        registry["a"] = _asearch
        del registry["b"]
    assert registry == {"a": _asearch, "c": _search}
