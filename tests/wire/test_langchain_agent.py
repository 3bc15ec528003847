"""LangChain agents with the real langchain-core and langgraph: chains, chat models and graphs."""

from __future__ import annotations

import asyncio
import sys
import threading
import typing
from typing import Any

import pytest
from langchain_core.language_models.fake_chat_models import FakeListChatModel
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate, MessagesPlaceholder, PromptTemplate
from langchain_core.runnables import RunnableLambda
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import END, START, MessagesState, StateGraph
from langgraph.types import interrupt
from typing_extensions import TypedDict

from flakestorm.agents.config import AgentConfig
from flakestorm.agents.langchain import LangChainAgent, langchain_agent
from flakestorm.agents.port import Request
from flakestorm.model.errors import MissingExtra, UsageError
from flakestorm.model.finding import Finding
from flakestorm.model.outcome import ErrorKind, Outcome

CONFIG = AgentConfig(type="langchain", endpoint="app:chain", timeout=30_000)
WAIT_S = 20
TALK = ("one", "two")


async def ask(runnable: object, *turns: str, config: AgentConfig = CONFIG) -> Outcome:
    """The outcome of one trial with ``runnable``."""
    agent = LangChainAgent(runnable, config)
    await agent.preflight()
    try:
        return await agent.send(Request(turns or ("hello",), "trial"))
    finally:
        await agent.reset()
        await agent.aclose()


def model(*replies: str) -> FakeListChatModel:
    """A chat model with these replies in turn."""
    return FakeListChatModel(responses=list(replies))


def heard(messages: Any) -> str:
    """What a model would see, as one line."""
    return " / ".join(f"{message.type}: {message.content}" for message in messages)


def echo_node(state: Any) -> dict[str, Any]:
    """A node that answers with all that it sees."""
    return {"messages": [AIMessage(heard(state["messages"]))]}


def graph(node: Any = echo_node, state: Any = MessagesState) -> Any:
    """A graph of one node, not compiled."""
    return StateGraph(state).add_node("node", node).add_edge(START, "node").add_edge("node", END)


def call_model(state: Any) -> dict[str, Any]:
    """Call the tool once, then answer with what it said: the loop of a ReAct agent."""
    last = state["messages"][-1]
    if isinstance(last, ToolMessage):
        return {
            "messages": [
                AIMessage([{"type": "text", "text": "It is "}, {"type": "text", "text": last.content}])
            ]
        }
    return {
        "messages": [AIMessage("", tool_calls=[{"name": "weather", "args": {"city": "Bonn"}, "id": "1"}])]
    }


def call_tool(state: Any) -> dict[str, Any]:
    """The weather."""
    return {"messages": [ToolMessage("sunny", tool_call_id=state["messages"][-1].tool_calls[0]["id"])]}


def react() -> Any:
    """A graph with a tool loop, as prebuilt agents have it."""
    built = StateGraph(MessagesState).add_node("model", call_model).add_node("tools", call_tool)
    built.add_edge(START, "model").add_edge("tools", "model")
    built.add_conditional_edges("model", lambda s: "tools" if s["messages"][-1].tool_calls else END)
    return built.compile()


class Question(TypedDict):
    """A state without messages."""

    question: str
    answer: str


class OldQuestion(typing.TypedDict):
    """The same, from the standard library: pydantic refuses it before Python 3.12."""

    question: str
    answer: str


PROMPT = ChatPromptTemplate.from_messages(
    [("system", "be kind"), MessagesPlaceholder("history", optional=True), ("user", "{input}")]
)


class Executor:
    """Like a classic AgentExecutor: plain ``invoke``, ``input_keys``, a mapping as the result."""

    input_keys: typing.ClassVar[list[str]] = ["input", "chat_history"]

    def invoke(self, values: dict[str, Any], config: Any = None) -> dict[str, Any]:
        """Answer."""
        return {**values, "output": f"{values['input']} after {len(values['chat_history'])}"}


async def ashout(text: str) -> str:
    """An async step."""
    return text.upper()


@pytest.mark.parametrize(
    ("runnable", "reply"),
    [
        (RunnableLambda(str.upper), "HELLO"),
        (RunnableLambda(ashout), "HELLO"),
        (RunnableLambda(lambda text: {"output": text}), "hello"),
        (RunnableLambda(lambda text: [HumanMessage(text), AIMessage("list")]), "list"),
        (RunnableLambda(lambda text: AIMessage([text, {"type": "image", "url": "x"}])), "hello"),
        (
            PromptTemplate.from_template("Say {thing}") | RunnableLambda(lambda value: value.to_string()),
            "Say hello",
        ),
        (PROMPT | RunnableLambda(lambda value: heard(value.to_messages())), "system: be kind / human: hello"),
        (PROMPT | model("from the model"), "from the model"),
        (PROMPT | model("parsed") | StrOutputParser(), "parsed"),
        (model("bare"), "bare"),
        (lambda: model("made"), "made"),
        (Executor, "hello after 0"),
        (graph().compile(), "human: hello"),
        (react(), "It is sunny"),
        (graph(lambda state: {"answer": state["question"] * 2}, Question).compile(), "hellohello"),
        (graph(lambda state: {"answer": state["question"] * 2}, OldQuestion).compile(), "hellohello"),
        (graph(lambda state: {"messages": [interrupt("Approve?")]}).compile(InMemorySaver()), "Approve?"),
    ],
)
async def test_one_prompt(runnable: object, reply: str) -> None:
    """The input is made by the schema, and the reply is found in the result."""
    outcome = await ask(runnable)
    assert (outcome.reply, outcome.error) == (reply, None)


@pytest.mark.parametrize(
    ("runnable", "reply", "replies"),
    [
        (RunnableLambda(str.upper), "USER: ONE\n\nUSER: TWO", ()),
        (model("first", "second"), "second", ("first",)),
        (
            PROMPT | RunnableLambda(lambda value: heard(value.to_messages())),
            "system: be kind / human: one / ai: system: be kind / human: one / human: two",
            ("system: be kind / human: one",),
        ),
        (Executor(), "two after 2", ("one after 0",)),
        (graph().compile(), "human: one / ai: human: one / human: two", ("human: one",)),
        (graph().compile(InMemorySaver()), "human: one / ai: human: one / human: two", ("human: one",)),
    ],
)
async def test_conversation(runnable: object, reply: str, replies: tuple[str, ...]) -> None:
    """Turns are sent one by one where messages are taken, with or without a memory of the graph's own."""
    outcome = await ask(runnable, *TALK)
    assert (outcome.reply, outcome.replies, outcome.error) == (reply, replies, None)


async def test_trials_and_attempts_have_memories_of_their_own() -> None:
    """The thread id is the trial's id; a second attempt does not find what the first one left."""
    threads: list[str] = []

    def node(state: Any, config: Any) -> dict[str, Any]:
        threads.append(config["configurable"]["thread_id"])
        return echo_node(state)

    node.__annotations__.clear()
    agent = LangChainAgent(graph(node).compile(InMemorySaver()), CONFIG)
    replies = [(await agent.send(Request(("hello",), trial))).reply for trial in ("a", "b", "a")]
    assert replies == ["human: hello"] * 3
    assert threads == ["a", "b", "a-2"]
    await agent.aclose()


async def test_response_path() -> None:
    """Messages are followed like any other mapping."""
    config = CONFIG.model_copy(update={"response_path": "messages[0].content"})
    assert (await ask(graph().compile(), config=config)).reply == "hello"


def only_tools(_: Any) -> AIMessage:
    """A reply without words."""
    return AIMessage("", tool_calls=[{"name": "pay", "args": {"sum": 3}, "id": "1"}])


async def test_reply_that_only_calls_tools() -> None:
    """The calls are the reply, so that rules can look at them."""
    assert (await ask(RunnableLambda(only_tools))).reply == '[{"name":"pay","args":{"sum":3}}]'


class WithAnswer(MessagesState):
    """Messages and something else."""

    answer: str


@pytest.mark.parametrize(
    ("runnable", "kind"),
    [
        (RunnableLambda(lambda text: 1 / 0), ErrorKind.EXCEPTION),
        (RunnableLambda(lambda text: None), ErrorKind.BAD_REPLY),
        (RunnableLambda(lambda text: [HumanMessage("only")]), ErrorKind.BAD_REPLY),
        (RunnableLambda(lambda text: "x" * 50_000), ErrorKind.TOO_LARGE),
    ],
)
async def test_errors(runnable: object, kind: ErrorKind) -> None:
    """What goes wrong is an error of the right kind."""
    outcome = await ask(runnable, config=CONFIG.model_copy(update={"max_reply_bytes": 10_000}))
    assert outcome.error is not None
    assert outcome.error.kind is kind


async def test_answer_beside_messages() -> None:
    """A state whose messages have none of the model's is searched for the usual fields."""
    compiled = graph(lambda state: {"answer": "beside"}, WithAnswer).compile()
    assert (await ask(compiled)).reply == "beside"


async def test_plain_steps_run_at_once_and_cannot_hang_the_end() -> None:
    """More blocking steps run at a time than the loop's own executor allows on two cores."""
    together = threading.Barrier(40)

    def step(text: str) -> str:
        together.wait(WAIT_S)
        return text

    agent = LangChainAgent(RunnableLambda(step), CONFIG)
    outcomes = await asyncio.gather(*(agent.send(Request((str(i),), str(i))) for i in range(40)))
    assert [outcome.reply for outcome in outcomes] == [str(i) for i in range(40)]
    await agent.aclose()


async def test_hanging_step_is_a_timeout() -> None:
    """A step that never returns is counted as abandoned."""
    release = threading.Event()
    agent = LangChainAgent(
        RunnableLambda(lambda text: release.wait(WAIT_S)), CONFIG.model_copy(update={"timeout": 300})
    )
    outcome = await agent.send(Request(("hello",)))
    assert outcome.error is not None
    assert outcome.error.kind is ErrorKind.TIMEOUT
    release.set()
    await agent.aclose()


def test_findings_are_passed_on() -> None:
    """The listener that is set is the one that is told."""
    found: list[Finding] = []
    agent = LangChainAgent(model("x"), CONFIG)
    agent.on_finding = found.append
    assert agent.on_finding == found.append
    agent._process._restore_stdout()


@pytest.mark.parametrize(
    ("target", "message"),
    [
        (
            graph(),
            r"is StateGraph, which has no invoke\. It is not compiled: name the result of its compile\(\)",
        ),
        (3, r"is int, which has no invoke\. Accepted: a LangChain runnable"),
        (lambda: 3, r"is int, which has no invoke"),
        (lambda text: text, r"calling 'app:chain' without arguments"),
        (PromptTemplate.from_template("{a} {b}"), r"takes a, b, and flakestorm has only the prompt"),
        (
            PromptTemplate.from_template("{input} {b}"),
            r"RunnableLambda\(lambda text: \{'b': …, 'input': …\}\)",
        ),
    ],
)
def test_what_cannot_be_an_agent(target: object, message: str) -> None:
    """What has no invoke, or wants more than a prompt, is refused with the way out."""
    with pytest.raises(UsageError, match=message):
        LangChainAgent(target, CONFIG)


class Unresolvable:
    """Looks like a graph whose state has an annotation that cannot be resolved."""

    class builder:  # noqa: N801 - the name that langgraph has
        """Holds the state."""

        class input_schema:  # noqa: N801 - the name that langgraph has
            """The state."""

            question: NotImportedHere  # type: ignore[name-defined]  # noqa: F821 - the point of the test

    def invoke(self, value: object, config: object) -> object:
        """Answer."""
        return value


async def test_state_that_cannot_be_resolved() -> None:
    """Where nothing is known of the input, it is the text."""
    assert (await ask(Unresolvable())).reply == "hello"


def test_missing_package(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without langchain-core the message has the install line."""
    monkeypatch.setitem(sys.modules, "langchain_core", None)
    with pytest.raises(MissingExtra, match=r"pip install 'flakestorm\[langchain\]'"):
        LangChainAgent(object(), CONFIG)


async def test_factory(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The factory of the registry loads what ``endpoint`` names."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "fs_chain.py").write_text(
        "from langchain_core.runnables import RunnableLambda\n"
        "chain = RunnableLambda(lambda text: text[::-1])\n"
    )
    agent = langchain_agent(AgentConfig(type="langchain", endpoint="fs_chain.py:chain"))
    assert (await agent.send(Request(("hello",)))).reply == "olleh"
    await agent.aclose()
