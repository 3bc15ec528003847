"""Python agents through the port: what they return, stream, raise and print, and conversations with them."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from flakestorm.agents.config import AgentConfig
from flakestorm.agents.port import Request
from flakestorm.agents.python import PythonAgent, python_agent
from flakestorm.model.errors import UsageError
from flakestorm.model.finding import Finding
from flakestorm.model.outcome import ErrorKind, Outcome

CONFIG = AgentConfig(type="python", endpoint="app:agent", timeout=30_000)
WAIT_S = 20


def configured(**changes: Any) -> AgentConfig:
    """The configuration with ``changes``, which may go below what files allow."""
    return CONFIG.model_copy(update=changes)


async def ask(target: object, *turns: str, config: AgentConfig = CONFIG) -> Outcome:
    """The outcome of one trial with ``target``."""
    agent = PythonAgent(target, config)
    await agent.preflight()
    try:
        return await agent.send(Request(turns or ("hello",), "trial"))
    finally:
        await agent.aclose()


async def error_kind(target: object, config: AgentConfig = CONFIG) -> ErrorKind | None:
    """The kind of error of one trial."""
    outcome = await ask(target, config=config)
    assert outcome.reply is None
    return outcome.error and outcome.error.kind


async def later(text: str) -> str:
    """An async agent."""
    await asyncio.sleep(0)
    return f"later {text}"


async def stream(text: str) -> AsyncIterator[str]:
    """An async agent that streams."""
    yield "a "
    await asyncio.sleep(0)
    yield text


def parts(text: str) -> Iterator[Any]:
    """A plain agent that streams."""
    yield "a "
    yield None
    yield text


async def gives_plain_parts(text: str) -> Iterator[Any]:
    """An async function that returns a plain generator."""
    return parts(text)


def gives_awaitable(text: str) -> Awaitable[str]:
    """A plain function that returns something to await."""
    return later(text)


def gives_stream(text: str) -> AsyncIterator[str]:
    """A plain function that returns an async generator."""
    return stream(text)


class Objects:
    """An agent object."""

    def invoke(self, text: str) -> dict[str, str]:
        """Answer."""
        return {"output": f"object {text}"}


@pytest.mark.parametrize(
    ("target", "reply"),
    [
        (lambda text: f"plain {text}", "plain hello"),
        (later, "later hello"),
        (gives_awaitable, "later hello"),
        (stream, "a hello"),
        (gives_stream, "a hello"),
        (parts, "a hello"),
        (gives_plain_parts, "a hello"),
        (Objects, "object hello"),
        (lambda text: iter([b"caf\xc3", b"\xa9"]), "café"),
        (lambda text: iter(()), ""),
    ],
)
async def test_kinds_of_agents(target: object, reply: str) -> None:
    """Plain, async, streaming and objects all answer."""
    outcome = await ask(target)
    assert (outcome.reply, outcome.error) == (reply, None)


async def test_first_byte_of_a_stream() -> None:
    """Streams have a time to the first chunk, others have none."""
    streamed, whole = await ask(stream), await ask(later)
    assert streamed.first_byte_ms is not None
    assert streamed.first_byte_ms <= streamed.latency_ms
    assert whole.first_byte_ms is None


async def test_plain_agents_run_at_once() -> None:
    """As many blocking calls run at a time as are sent."""
    together = threading.Barrier(12)

    def agent(text: str) -> str:
        together.wait(WAIT_S)
        return text

    served = PythonAgent(agent, CONFIG)
    outcomes = await asyncio.gather(*(served.send(Request((str(i),), str(i))) for i in range(12)))
    assert [outcome.reply for outcome in outcomes] == [str(i) for i in range(12)]
    await served.aclose()


async def test_conversation_with_messages() -> None:
    """Turns are sent one by one, each with the agent's own replies to the earlier ones."""
    seen: list[list[dict[str, str]]] = []

    def agent(messages: list[dict[str, str]]) -> str:
        seen.append(messages)
        return f"reply {len(seen)}"

    outcome = await ask(agent, "one", "two", "three")
    assert (outcome.reply, outcome.replies) == ("reply 3", ("reply 1", "reply 2"))
    assert [[message["content"] for message in messages] for messages in seen] == [
        ["one"],
        ["one", "reply 1", "two"],
        ["one", "reply 1", "two", "reply 2", "three"],
    ]


async def test_conversation_as_a_transcript() -> None:
    """An agent of one text gets all turns in one call."""
    outcome = await ask(lambda text: text, "one", "two")
    assert (outcome.reply, outcome.replies) == ("User: one\n\nUser: two", ())


def broken_stream(text: str) -> Iterator[str]:
    """Breaks after its first chunk."""
    yield text
    raise ConnectionError("lost")


async def broken_async_stream(text: str) -> AsyncIterator[Any]:
    """Breaks after its first chunk."""
    yield text
    raise ConnectionError("lost")


@pytest.mark.parametrize(
    ("target", "kind"),
    [
        (lambda text: 1 / 0, ErrorKind.EXCEPTION),
        (lambda text: sys.exit(2), ErrorKind.EXCEPTION),
        (broken_stream, ErrorKind.EXCEPTION),
        (broken_async_stream, ErrorKind.EXCEPTION),
        (lambda text: None, ErrorKind.BAD_REPLY),
        (lambda text: b"\xff", ErrorKind.BAD_REPLY),
        (lambda text: iter([b"\xff"]), ErrorKind.BAD_REPLY),
        (lambda text: iter([b"\xc3"]), ErrorKind.BAD_REPLY),
        (lambda text: iter([object()]), ErrorKind.BAD_REPLY),
        (lambda text: object(), ErrorKind.BAD_REPLY),
    ],
)
async def test_errors_of_agents(target: object, kind: ErrorKind) -> None:
    """What goes wrong in the agent is an error of the right kind."""
    assert await error_kind(target) is kind


async def test_size_limit() -> None:
    """Replies over the limit are too large, and endless streams are cut there."""

    def endless(text: str) -> Iterator[str]:
        while True:
            yield text * 10

    limited = configured(max_reply_bytes=100)
    assert await error_kind(lambda text: "é" * 51, limited) is ErrorKind.TOO_LARGE
    assert await error_kind(endless, limited) is ErrorKind.TOO_LARGE
    assert (await ask(lambda text: "é" * 50, config=limited)).reply == "é" * 50


async def test_timeout_stops_a_plain_generator() -> None:
    """A generator that goes on after the timeout is closed at its next chunk, and frees its thread."""
    closed = threading.Event()
    proceed = threading.Event()

    def slow(text: str) -> Iterator[str]:
        try:
            yield "first"
            proceed.wait(WAIT_S)
            yield "second"
        finally:
            closed.set()

    outcome = await ask(slow, config=configured(timeout=50))
    assert outcome.error is not None
    assert outcome.error.kind is ErrorKind.TIMEOUT
    assert outcome.first_byte_ms is not None
    proceed.set()
    assert await asyncio.to_thread(closed.wait, WAIT_S)


async def test_limit_of_hanging_calls() -> None:
    """The limit that the caller gives is the one that counts."""
    release = threading.Event()
    agent = PythonAgent(lambda text: release.wait(WAIT_S), configured(timeout=20), abandoned_limit=1)
    kinds = [(await agent.send(Request(("x",)))).error for _ in range(2)]
    release.set()
    assert [error.kind for error in kinds if error] == [ErrorKind.TIMEOUT, ErrorKind.REFUSED]
    await agent.aclose()


async def test_prints_go_to_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    """An agent that prints leaves standard output alone."""

    def agent(text: str) -> str:
        print("debugging")
        return text

    await ask(agent)
    print("report")
    assert capsys.readouterr() == ("report\n", "debugging\n")


async def test_findings_are_passed_on() -> None:
    """The listener that is set is the one that is told."""
    agent = PythonAgent(later, CONFIG)
    found: list[Finding] = []
    agent.on_finding = found.append
    assert agent.on_finding == found.append
    agent.on_finding(Finding("kind", "low", "title"))  # type: ignore[arg-type]  # any finding will do
    assert len(found) == 1
    await agent.aclose()


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], Path]]:
    """Writes ``fs_python_app.py`` into the current directory."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))

    def write(source: str) -> Path:
        path = tmp_path / "fs_python_app.py"
        path.write_text(source)
        return path

    yield write
    sys.modules.pop("fs_python_app", None)


async def test_factory_loads_the_endpoint(project: Callable[[str], Path]) -> None:
    """The factory of the registry loads what ``endpoint`` names; ``response_path`` is followed."""
    project("def agent(prompt):\n    return {'a': [prompt]}\n")
    agent = python_agent(AgentConfig(type="python", endpoint="fs_python_app:agent", response_path="$.a[0]"))
    assert (await agent.send(Request(("hello",)))).reply == "hello"
    await agent.aclose()


async def test_factory_refuses_what_is_not_there(project: Callable[[str], Path]) -> None:
    """A missing attribute is an error before anything is sent."""
    project("def agent(prompt): ...\n")
    with pytest.raises(UsageError, match="did you mean 'agent'"):
        python_agent(AgentConfig(type="python", endpoint="fs_python_app:agnt"))


async def test_reset_function(project: Callable[[str], Path]) -> None:
    """``reset`` calls the function that the configuration names, on the same module."""
    project(
        "state = []\ndef agent(p):\n    state.append(p)\n    return str(len(state))\nreset = state.clear\n"
    )
    config = AgentConfig(type="python", endpoint="fs_python_app:agent", reset_function="fs_python_app:reset")
    agent = python_agent(config)
    replies = [(await agent.send(Request(("x",)))).reply for _ in range(2)]
    await agent.reset()
    replies.append((await agent.send(Request(("x",)))).reply)
    assert replies == ["1", "2", "1"]
    await agent.aclose()
