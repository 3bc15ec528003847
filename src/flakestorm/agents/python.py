"""Agents that are Python code: functions, objects with ``invoke``, and generators, called in this process."""

from __future__ import annotations

import codecs
import inspect
from collections.abc import AsyncIterator, Callable, Iterator
from functools import partial
from typing import Any

from flakestorm.agents.config import AgentConfig
from flakestorm.agents.in_process import ABANDONED_LIMIT, Answer, InProcess
from flakestorm.agents.loading import load
from flakestorm.agents.port import Request
from flakestorm.agents.python_entry import python_entry
from flakestorm.agents.registry import agent_kind
from flakestorm.agents.reply_path import NoReply
from flakestorm.agents.reply_value import check_size, reply_text, size_of
from flakestorm.agents.reset import Reset
from flakestorm.agents.step_driver import Call
from flakestorm.model.finding import Finding
from flakestorm.model.outcome import Outcome


class Chunks:
    """The parts of a streamed reply, joined under a limit of ``limit`` bytes."""

    def __init__(self, limit: int, call: Call) -> None:
        self._limit = limit
        self._call = call
        self._size = 0
        self._texts: list[str] = []
        self._decoder = codecs.getincrementaldecoder("utf-8")()

    def add(self, chunk: Any) -> None:
        """Append ``chunk``: a text, bytes that may end inside a character, or a message. None is nothing."""
        if chunk is None:
            return
        self._call.first_byte()
        text = self._decode(chunk, False) if isinstance(chunk, bytes) else reply_text(chunk)
        self._size += size_of(text)
        check_size(self._size, self._limit)
        self._texts.append(text)

    def text(self) -> str:
        """The whole reply."""
        return "".join(self._texts) + self._decode(b"", True)

    def _decode(self, chunk: bytes, final: bool) -> str:
        try:
            return self._decoder.decode(chunk, final)
        except UnicodeDecodeError as error:
            raise NoReply(f"the agent streamed bytes that are not UTF-8: {error.reason}") from None


class PythonAgent:
    """``target`` as an agent: a function, an object with ``invoke`` or ``ainvoke``, or a class of these.

    Plain functions run in threads, async ones in the running event loop. A function with a parameter
    ``messages``, ``history`` or ``chat_history`` gets a conversation turn by turn, with its own earlier
    replies; any other gets it as one transcript. Raises ``UsageError`` when ``target`` cannot be called.
    """

    def __init__(self, target: object, config: AgentConfig, abandoned_limit: int = ABANDONED_LIMIT) -> None:
        self._entry = python_entry(target, config.endpoint or type(target).__name__)
        self._reset = Reset(config)
        self._path = config.response_path
        self._limit = config.max_reply_bytes
        self._process = InProcess(config.timeout / 1000, abandoned_limit=abandoned_limit)

    @property
    def on_finding(self) -> Callable[[Finding], None]:
        """Who is told that the agent blocks the event loop."""
        return self._process.on_finding

    @on_finding.setter
    def on_finding(self, listener: Callable[[Finding], None]) -> None:
        self._process.on_finding = listener

    async def preflight(self) -> None:
        """Nothing to reach: the code was loaded when the agent was made."""

    async def send(self, request: Request) -> Outcome:
        """Call the agent's code; see the port."""
        return await self._process.run(partial(self._converse, request.turns), request.trial_id)

    async def reset(self) -> None:
        """Call ``reset_function``, or post to ``reset_endpoint``, if there is one."""
        await self._reset()

    async def aclose(self) -> None:
        """Let go of the threads."""
        await self._process.aclose()

    async def _converse(self, turns: tuple[str, ...], call: Call) -> Answer:
        if self._entry.conversation is None:
            return Answer(await self._ask(self._entry.bind(turns), call))
        replies: list[str] = []
        for count in range(1, len(turns) + 1):
            replies.append(await self._ask(self._entry.bind(turns[:count], replies), call))
        return Answer(replies[-1], tuple(replies[:-1]))

    async def _ask(self, function: Callable[[], Any], call: Call) -> str:
        if self._entry.on_loop:
            value = function()
        else:
            value = await self._process.in_thread(partial(self._call, function, call))
        while inspect.isawaitable(value):
            value = await value
        if isinstance(value, AsyncIterator):
            value = await self._collect(value, call)
        elif isinstance(value, Iterator):
            value = await self._process.in_thread(partial(self._call, lambda: value, call))
        reply = reply_text(value, self._path)
        check_size(size_of(reply), self._limit)
        return reply

    def _call(self, function: Callable[[], Any], call: Call) -> Any:
        """Runs in a thread: a generator may hold on to the thread that it began in."""
        value = function()
        if not isinstance(value, Iterator):
            return value
        chunks = Chunks(self._limit, call)
        try:
            for chunk in value:
                if call.given_up:
                    break
                chunks.add(chunk)
        finally:
            getattr(value, "close", lambda: None)()
        return chunks.text()

    async def _collect(self, value: AsyncIterator[Any], call: Call) -> str:
        chunks = Chunks(self._limit, call)
        try:
            async for chunk in value:
                chunks.add(chunk)
        finally:
            close = getattr(value, "aclose", None)
            if close is not None:
                await close()
        return chunks.text()


@agent_kind("python")
def python_agent(config: AgentConfig) -> PythonAgent:
    """The agent that ``agent.endpoint`` names. Raises ``UsageError`` when there is no such thing."""
    return PythonAgent(load(config.endpoint, "agent.endpoint", config.folder), config)
