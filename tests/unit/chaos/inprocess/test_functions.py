"""Plain functions as tools: found everywhere, disturbed in trials, and themselves again afterwards."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from flakestorm.chaos.effect import Answer, Effect, Ending, Pause, Step
from flakestorm.chaos.inprocess.installed import installed
from flakestorm.chaos.inprocess.tool_fault import ToolError, ToolFault, ToolRefused, ToolReset, ToolTimeout
from flakestorm.model.errors import UsageError

AGENT = """
from tools_of_agent import search
import tools_of_agent

TOOLS = {"find": search}
LIST = [search]

def agent(query):
    return search(query)

def late(query):
    from tools_of_agent import search
    return search(query)
"""
TOOLS = """
calls = []

def search(query: str, limit: int = 3):
    calls.append(query)
    return {"query": query, "hits": [1, 2, 3]}

async def asearch(query) -> str:
    calls.append(query)
    return "found " + query

def text(query) -> str:
    return "found " + query

def stream(query):
    yield query

def broken(query):
    raise KeyError(query)

class Shop:
    def order(self, item):
        return ("ordered", item)

    @classmethod
    def make(cls, item):
        return [cls.__name__, item]

    @staticmethod
    def price(item):
        return {1, 2}

shop = Shop()
"""


@pytest.fixture
def tools(module: Callable[..., Any]) -> Any:
    """The module with the tools."""
    return module("tools_of_agent", TOOLS)


@pytest.fixture
def agent(tools: Any, module: Callable[..., Any]) -> Any:
    """A module that imports one of them by name."""
    return module("agent_with_tools", AGENT)


def _changed(body: bytes) -> Effect:
    return Effect(("f",), rewrite=lambda answer: Answer(answer.status, answer.headers, body))


def test_function_is_found_everywhere(agent: Any, tools: Any, trial: Callable[..., Any]) -> None:
    """The module itself, other modules that import the name, dicts and lists all lead to the faults."""
    original = tools.search
    with (
        installed(tools={"tools_of_agent:search": original}) as reach,
        trial(_changed(b'{"hits": 0}')) as traffic,
    ):
        ways = (agent.agent, agent.late, agent.TOOLS["find"], agent.LIST[0], tools.search)
        results = [way("x") for way in ways]

    assert results == [{"hits": 0}] * 5
    assert tools.calls == ["x"] * 5
    assert reach.seen == {"functions": 5}
    assert reach.tools >= {"search"}
    assert {(call.kind, call.name, call.status, call.url) for call in traffic.calls()} == {
        ("tool", "search", 200, "python:tools_of_agent.search")
    }
    assert traffic.requests[0].body == b'{"query": "x"}'
    assert tools.search is agent.search is agent.TOOLS["find"] is agent.LIST[0] is original


def test_outside_of_trials_it_is_itself(agent: Any, tools: Any) -> None:
    """Without a trial nothing is seen, and the result is the very object."""
    with installed(tools={"t:search": tools.search}) as reach:
        assert agent.agent("x") == {"query": "x", "hits": [1, 2, 3]}
    assert reach.seen == {}


def test_untouched_result_is_the_same_object(tools: Any, trial: Callable[..., Any]) -> None:
    """A call without faults returns what the tool returned, not a copy."""
    value = object()
    tools.thing = lambda: value
    with installed(tools={"t:thing": tools.thing}), trial() as traffic:
        assert tools.thing() is value
    assert traffic.calls()[0].received.startswith("<object object")


class Slow:
    """A shaper that waits, doubles, and ends as it is told."""

    def __init__(self, ending: Ending | None) -> None:
        self.ending = ending

    def feed(self, data: bytes) -> list[Step]:
        """Twice the same after a pause, and the end."""
        return [Pause(1), data, *([self.ending] if self.ending else [data])]

    def finish(self) -> list[Step]:
        """Nothing more."""
        return []


FAILING = [
    (Effect(("f",), connection="refused"), ToolRefused, ConnectionRefusedError, "unreachable", 0),
    (Effect(("f",), connection="reset"), ToolReset, ConnectionResetError, "reset", 0),
    (Effect(("f",), connection="hang", hang_ms=1), ToolTimeout, TimeoutError, "hung", 0),
    (Effect(("f",), lost=True), ToolTimeout, TimeoutError, "reset", 1),
    (Effect(("f",), shaper=lambda: Slow(Ending.RESET)), ToolReset, OSError, "reset", 1),
    (Effect(("f",), shaper=lambda: Slow(Ending.HANG), hang_ms=1), ToolReset, OSError, "hung", 1),
    (Effect(("f",), framing="wrong_length"), ToolReset, OSError, "cut", 1),
    (Effect(("f",), framing="bad_chunk"), ToolReset, OSError, "cut", 1),
    (Effect(("f",), answer=Answer(503, (("Retry-After", "3"),), b"down")), ToolError, ToolFault, "", 0),
]


@pytest.mark.parametrize("name", ["search", "asearch"])
@pytest.mark.parametrize(("effect", "kind", "builtin", "ended", "made"), FAILING)
def test_failure_is_an_exception(
    effect: Effect,
    kind: type[ToolFault],
    builtin: type[Exception],
    ended: str,
    made: int,
    name: str,
    tools: Any,
    trial: Callable[..., Any],
) -> None:
    """Each failure has its class, also a built-in one; the tool did its work only where it is said to."""
    with (
        installed(tools={f"t:{name}": getattr(tools, name)}),
        trial(effect) as traffic,
        pytest.raises(kind, match=rf"tool '{name}'") as caught,
    ):
        asyncio.run(tools.asearch("x")) if name == "asearch" else tools.search("x")

    assert isinstance(caught.value, builtin)
    assert isinstance(caught.value, ToolFault)
    assert len(tools.calls) == made
    assert [(call.fired, call.ended) for call in traffic.calls()] == [(("f",), ended)]


def test_error_has_the_answer(tools: Any, trial: Callable[..., Any]) -> None:
    """Status, body and headers are there for agents that look at them."""
    effect = Effect(("error",), answer=Answer(429, (("Retry-After", "3"),), b'{"error": "slow down"}'))
    with installed(tools={"t:search": tools.search}), trial(effect), pytest.raises(ToolError) as caught:
        tools.search("x")

    error = caught.value
    assert (error.status, error.headers["retry-after"], error.body) == (429, "3", '{"error": "slow down"}')
    assert "slow down" in str(error)


def test_answer_without_the_call(tools: Any, trial: Callable[..., Any]) -> None:
    """A made-up answer is JSON, or text where the tool is annotated with str."""
    effect = Effect(("f",), answer=Answer(200, (), b'{"a": 1}'))
    with installed(tools={"t:search": tools.search, "t:text": tools.text}), trial(effect):
        assert (tools.search("x"), tools.text("x")) == ({"a": 1}, '{"a": 1}')
    assert tools.calls == []


def test_shaper_alone_takes_the_whole_result(tools: Any, trial: Callable[..., Any]) -> None:
    """As one piece, after its pauses."""
    with installed(tools={"t:text": tools.text}):
        with trial(Effect(("f",), shaper=lambda: Slow(None), delay_ms=1)):
            assert tools.text("x") == "found xfound x"
        with trial(Effect(("f",), shaper=lambda: Slow(Ending.CLEAN))):
            assert tools.text("x") == "found x"


def test_own_exception_of_tool_passes(tools: Any, trial: Callable[..., Any]) -> None:
    """What the tool raises by itself is raised, and noted."""
    with installed(tools={"t:broken": tools.broken}), trial() as traffic, pytest.raises(KeyError):
        tools.broken("x")
    assert traffic.calls()[0].ended == "raised"


def test_wrong_arguments_are_the_callers_error(tools: Any, trial: Callable[..., Any]) -> None:
    """A call that does not fit is seen with what it had, and fails as it would."""
    with installed(tools={"t:search": tools.search}), trial() as traffic, pytest.raises(TypeError):
        tools.search("x", wrong=object())
    assert b'"args": ["x"]' in traffic.requests[0].body


async def test_cancelled_tool_is_left(tools: Any, trial: Callable[..., Any]) -> None:
    """An agent's own timeout around an async tool."""
    effect = Effect(("f",), connection="hang", hang_ms=60_000)
    with (
        installed(tools={"t:asearch": tools.asearch}),
        trial(effect) as traffic,
        pytest.raises(asyncio.TimeoutError),
    ):
        await asyncio.wait_for(tools.asearch("x"), 0.01)
    assert traffic.calls()[0].ended == "left"


def test_methods(tools: Any, trial: Callable[..., Any]) -> None:
    """Of an object, of a class, static ones, and those of the class for all objects."""
    own = {name: vars(tools.Shop)[name] for name in ("order", "make", "price")}
    references = {
        "t:shop.order": tools.shop.order,
        "t:Shop.make": tools.Shop.make,
        "t:Shop.price": tools.Shop.price,
        "t:Shop.order": tools.Shop.order,
    }
    with installed(tools=references) as reach, trial() as traffic:
        assert tools.shop.order("a") == ("ordered", "a")
        assert tools.Shop().order("b") == ("ordered", "b")
        assert tools.Shop.make("c") == tools.shop.make("c") == ["Shop", "c"]
        assert tools.shop.price("d") == {1, 2}
    assert [call.name for call in traffic.calls()] == ["order", "order", "make", "make", "price"]
    assert reach.tools >= {"order", "make", "price"}
    assert {name: vars(tools.Shop)[name] for name in own} == own
    assert "order" not in vars(tools.shop)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (3, "is int, which is no tool"),
        (dict, "is type"),
        (asyncio, "is module"),
        (lambda: (yield), "generator"),
    ],
)
def test_what_is_no_tool_is_refused(value: object, said: str) -> None:
    """The message names the reference, what it is, and what would do; nothing stays installed."""
    with (
        pytest.raises(UsageError, match=r"agent\.tools: 'm:x'.*Accepted: a function") as caught,
        installed(tools={"m:x": value}),
    ):
        pass
    assert said in str(caught.value)


def test_partial_and_builtin(tools: Any, trial: Callable[..., Any]) -> None:
    """A partial has the name of its function; a function written in C is a function."""
    tools.near = partial(tools.search, limit=1)
    tools.size = len
    with installed(tools={"t:near": tools.near, "t:size": tools.size}) as reach, trial() as traffic:
        assert tools.near("x")["query"] == "x"
        assert tools.size("abc") == 3
    assert [call.name for call in traffic.calls()] == ["search", "len"]
    assert tools.size is len
    assert reach.tools >= {"search", "len"}
