"""Agents that are LangChain runnables: chains, chat models, LangGraph graphs, called in this process."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from typing import Any

from flakestorm.agents.config import AgentConfig
from flakestorm.agents.in_process import Answer, InProcess
from flakestorm.agents.loading import load
from flakestorm.agents.port import Request
from flakestorm.agents.python_entry import made
from flakestorm.agents.registry import agent_kind
from flakestorm.agents.reply_value import check_size, size_of
from flakestorm.agents.reset import Reset
from flakestorm.agents.runnable_input import RunnableInput, runnable_input
from flakestorm.agents.runnable_reply import runnable_reply
from flakestorm.agents.step_driver import Call
from flakestorm.model.errors import MissingExtra, UsageError
from flakestorm.model.finding import Finding
from flakestorm.model.outcome import Outcome


class LangChainAgent:
    """``runnable`` as an agent. What it wants as input is read from its input schema.

    A graph with a checkpointer gets a conversation turn by turn in a thread of its own
    (``configurable.thread_id`` is the trial's id). Anything else that takes messages gets the conversation so
    far each time; what takes a text gets a transcript. Raises ``UsageError`` when ``runnable`` cannot be
    invoked or wants more than a prompt, ``MissingExtra`` without langchain-core.
    """

    def __init__(self, runnable: object, config: AgentConfig) -> None:
        if find_spec("langchain_core") is None:
            raise MissingExtra("langchain-core", "langchain", "agent.type: langchain")
        self._name = config.endpoint or type(runnable).__name__
        self._runnable: Any = _invokable(runnable, self._name)
        self._input: RunnableInput = runnable_input(self._runnable, self._name)
        self._has_memory = bool(getattr(self._runnable, "checkpointer", None))
        self._path = config.response_path
        self._limit = config.max_reply_bytes
        self._reset = Reset(config)
        self._process = InProcess(config.timeout / 1000)
        self._widened = False
        self._attempts: Counter[str] = Counter()

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
        """Invoke the runnable; see the port."""
        if not self._widened:
            # LangChain runs plain functions in the loop's default executor: six threads on two cores,
            # each of which the end of the program would wait for.
            asyncio.get_running_loop().set_default_executor(self._process.executor)
            self._widened = True
        converse = partial(self._converse, request.turns, self._configuration(request.trial_id))
        return await self._process.run(converse, request.trial_id)

    async def reset(self) -> None:
        """Call ``reset_function``, or post to ``reset_endpoint``, if there is one."""
        await self._reset()

    async def aclose(self) -> None:
        """Let go of the threads."""
        await self._process.aclose()

    async def _converse(self, turns: tuple[str, ...], config: dict[str, Any], _call: Call) -> Answer:
        replies: list[str] = []
        if not self._input.takes_messages:
            return Answer(await self._ask(self._input.of_text(turns), config))
        for count in range(1, len(turns) + 1):
            said = turns[count - 1 : count] if self._has_memory else turns[:count]
            known = () if self._has_memory else replies
            replies.append(await self._ask(self._input.of_conversation(said, known), config))
        return Answer(replies[-1], tuple(replies[:-1]))

    async def _ask(self, value: Any, config: dict[str, Any]) -> str:
        if callable(getattr(self._runnable, "ainvoke", None)):
            result = await self._runnable.ainvoke(value, config)
        else:
            result = await self._process.in_thread(partial(self._runnable.invoke, value, config))
        reply = runnable_reply(result, self._path)
        check_size(size_of(reply), self._limit)
        return reply

    def _configuration(self, trial_id: str) -> dict[str, Any]:
        config: dict[str, Any] = {"metadata": {"flakestorm_trial": trial_id}}
        if self._has_memory:
            # A second attempt at a trial must not find what the first one left in the graph's memory.
            self._attempts[trial_id] += 1
            attempt = self._attempts[trial_id]
            config["configurable"] = {"thread_id": trial_id if attempt == 1 else f"{trial_id}-{attempt}"}
        return config


def _invokable(target: object, name: str) -> object:
    """``target``, or what it makes when it is a class or a function without arguments."""
    if callable(target) and (isinstance(target, type) or not _has_invoke(target)):
        target = made(target, name)
    if _has_invoke(target):
        return target
    hint = "It is not compiled: name the result of its compile(). " if hasattr(target, "compile") else ""
    raise UsageError(
        f"agent.endpoint: '{name}' is {type(target).__name__}, which has no invoke. {hint}Accepted: a "
        "LangChain runnable, a compiled LangGraph graph, or a function without arguments that makes one. For "
        "other Python code set agent.type: python."
    )


def _has_invoke(target: object) -> bool:
    return callable(getattr(target, "ainvoke", None)) or callable(getattr(target, "invoke", None))


@agent_kind("langchain")
def langchain_agent(config: AgentConfig) -> LangChainAgent:
    """The runnable that ``agent.endpoint`` names. Raises ``UsageError`` when there is no such thing."""
    return LangChainAgent(load(config.endpoint, "agent.endpoint", config.folder), config)
