"""Servers to attack: three correct ones in processes of their own, and faulty ones in threads."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, ExitStack
from http.server import BaseHTTPRequestHandler, HTTPServer, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from flakestorm.agents.config import AgentConfig
from flakestorm.agents.http import HttpAgent, http_agent
from flakestorm.agents.port import Request
from flakestorm.invariants.config import Rule
from flakestorm.invariants.judge import Judge
from flakestorm.model.prompt import GoldenPrompt
from flakestorm.model.record import TrialRecord
from flakestorm.model.trial import Trial
from flakestorm.mutations.config import MutationsConfig
from flakestorm.mutations.engine import Mutator
from flakestorm.scoring.status import conclude

PROMPT = GoldenPrompt(("What is the status of order 4512?",))
SERVERS = Path(__file__).with_name("correct_servers.py")

Attacked = Callable[..., Awaitable[TrialRecord]]


@pytest.fixture(scope="module")
def correct_server() -> Iterator[Callable[[str], str]]:
    """The URL of the correct server with a name, started when it is first asked for."""
    started: dict[str, str] = {}
    with ExitStack() as stack:

        def url(name: str) -> str:
            if name not in started:
                command = [sys.executable, str(SERVERS), name]
                process = stack.enter_context(subprocess.Popen(command, stdout=subprocess.PIPE, text=True))
                stack.callback(process.kill)
                assert process.stdout is not None
                started[name] = f"http://127.0.0.1:{int(process.stdout.readline())}/chat"
            return started[name]

        yield url


@pytest.fixture
def faulty_server() -> Iterator[Callable[..., str]]:
    """Start a server of the standard library with a handler of the test's; gives its URL."""
    with ExitStack() as stack:

        def start(handler: type[BaseHTTPRequestHandler], threads: bool = True) -> str:
            class Server(ThreadingHTTPServer if threads else HTTPServer):  # type: ignore[misc] # chosen here
                daemon_threads = True
                block_on_close = False

                def handle_error(self, request: Any, client_address: Any) -> None:
                    """Clients vanish all the time."""

            server = Server(("127.0.0.1", 0), handler)
            thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
            thread.start()
            stack.callback(server.server_close)
            stack.callback(thread.join, 10)
            stack.callback(server.shutdown)
            return f"http://127.0.0.1:{server.server_address[1]}/chat"

        yield start


@pytest.fixture
async def attacked() -> AsyncIterator[Attacked]:
    """Run the attack of one operator on the agent at a URL, as a run would, and judge it."""
    mutator = Mutator(MutationsConfig(), seed=1)
    async with AsyncExitStack() as stack:
        agents: dict[str, HttpAgent] = {}

        async def attack(
            url: str,
            operator: str,
            intensity: float = 0.0,
            rules: Sequence[Rule] = (),
            ordinal: int = 0,
            **keys: Any,
        ) -> TrialRecord:
            agent = agents.get(url)
            if agent is None:
                agent = agents[url] = http_agent(AgentConfig(endpoint=url, **{"timeout": 20_000, **keys}))
                stack.push_async_callback(agent.aclose)
            mutation = mutator.one(PROMPT, operator, ordinal, intensity)
            assert mutation is not None
            assert mutation.attack is not None
            trial = Trial.of(PROMPT, mutation)
            outcome = await agent.attack(mutation.attack, Request(trial.turns, trial.id))
            verdicts = Judge(rules).judge(trial, outcome)
            return TrialRecord(trial, outcome, verdicts, *conclude(trial, outcome, verdicts))

        yield attack
