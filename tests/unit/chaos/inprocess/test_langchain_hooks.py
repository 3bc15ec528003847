"""LangChain's tools and LangGraph's ToolNode pass through the faults, with messages and without."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from langchain_core.messages import AIMessage, ToolMessage
from langchain_core.tools import BaseTool, StructuredTool, tool
from langgraph.graph import END, START, MessagesState, StateGraph
from langgraph.prebuilt import ToolNode

import flakestorm
from flakestorm.chaos.effect import Answer, Effect
from flakestorm.chaos.inprocess.installed import installed

TWICE = Effect(("f",), rewrite=lambda answer: Answer(200, answer.headers, answer.body * 2))
MADE_UP = Effect(("f",), answer=Answer(200, (), b'{"a": 1}'))


@tool
def search(query: str) -> str:
    """Find."""
    return f"found {query}"


@tool
async def asearch(query: str) -> dict[str, str]:
    """Find."""
    return {"found": query}


class Own(BaseTool):
    """A tool as a class."""

    name: str = "own"
    description: str = "Find."

    def _run(self, query: str) -> list[str]:
        return [query]


CALL = {"name": "search", "args": {"query": "x"}, "id": "c1", "type": "tool_call"}


async def test_sync_tool_in_all_ways(trial: Callable[..., Any]) -> None:
    """invoke and ainvoke are one call each, although the latter uses the former's way."""
    with installed() as reach, trial(TWICE) as traffic:
        assert search.invoke("x") == "found xfound x"
        assert await search.ainvoke({"query": "x"}) == "found xfound x"
        assert search.run("x") == "found xfound x"
    assert reach.seen == {"langchain": 3}
    assert [(call.name, call.status) for call in traffic.calls()] == [("search", 200)] * 3
    assert traffic.requests[1].body == b'{"query": "x"}'


async def test_async_tool_and_class(trial: Callable[..., Any]) -> None:
    """Values other than text keep their type."""
    upper = Effect(("f",), rewrite=lambda answer: Answer(200, answer.headers, answer.body.upper()))
    with installed(), trial(upper) as traffic:
        assert await asearch.ainvoke("x") == {"FOUND": "X"}
        assert Own().invoke("x") == ["X"]
        assert await Own().ainvoke("x") == ["X"]
    assert [call.name for call in traffic.calls()] == ["asearch", "own", "own"]


async def test_message_keeps_its_frame(trial: Callable[..., Any]) -> None:
    """What a model asked for comes as a message; only its content is disturbed."""
    with installed():
        with trial(TWICE):
            message = search.invoke(CALL)
        with trial(MADE_UP):
            made_up = await asearch.ainvoke({**CALL, "name": "asearch"})
        with trial():
            plain = search.invoke(CALL)
    assert isinstance(message, ToolMessage)
    assert (message.content, message.tool_call_id, message.name) == ("found xfound x", "c1", "search")
    assert isinstance(made_up, ToolMessage)
    assert (made_up.content, made_up.tool_call_id, made_up.name) == ('{"a": 1}', "c1", "asearch")
    assert plain.content == "found x"


def test_content_blocks_stay_a_list_or_become_text(trial: Callable[..., Any]) -> None:
    """A message cannot hold any value: what is neither text nor blocks is written as JSON."""

    @tool
    def blocks(query: str) -> list[Any]:
        """Find."""
        return [{"type": "text", "text": query}]

    number = Effect(("f",), rewrite=lambda answer: Answer(200, answer.headers, b"17"))
    with installed():
        with trial(number):
            assert blocks.invoke({**CALL, "name": "blocks"}).content == "17"
        with trial(Effect(("f",), rewrite=lambda answer: answer)):
            assert blocks.invoke({**CALL, "name": "blocks"}).content == [{"type": "text", "text": "x"}]


async def test_tool_node_in_a_graph(trial: Callable[..., Any]) -> None:
    """LangGraph's ToolNode meets the faults; failures come to its error handling."""
    graph = StateGraph(MessagesState)
    graph.add_node("tools", ToolNode([search, asearch], handle_tool_errors=True))
    graph.add_edge(START, "tools")
    graph.add_edge("tools", END)
    asked = AIMessage("", tool_calls=[CALL, {**CALL, "name": "asearch", "id": "c2"}])  # type: ignore[list-item]
    with installed() as reach, trial(Effect(("refused",), connection="refused")) as traffic:
        done = await graph.compile().ainvoke({"messages": [asked]})
    assert reach.seen == {"langchain": 2}
    assert sorted(call.name for call in traffic.calls()) == ["asearch", "search"]
    assert ["connection refused" in message.content for message in done["messages"][1:]] == [True, True]


def test_known_in_two_ways_is_one_call(trial: Callable[..., Any]) -> None:
    """A function with the decorator inside a LangChain tool of the same name is one tool."""

    @flakestorm.tool(name="both")
    def both(query: str) -> str:
        """Find."""
        return query

    made = StructuredTool.from_function(both, name="both")
    with installed(tools={"m:made": made}) as reach, trial() as traffic:
        assert made.invoke("x") == "x"
    assert [call.name for call in traffic.calls()] == ["both"]
    assert "both" in reach.tools


def test_outside_of_trials(trial: Callable[..., Any]) -> None:
    """Nothing is seen, and exceptions are the tool's own."""

    @tool
    def broken(query: str) -> str:
        """Fail."""
        raise KeyError(query)

    with installed() as reach:
        assert search.invoke("x") == "found x"
        with pytest.raises(KeyError):
            broken.invoke("x")
    assert reach.seen == {}
