"""Served agents: real servers that never start, meet a taken port, crash, and must be stopped."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from pathlib import Path
from typing import Any

import pytest

from flakestorm.agents.config import AgentConfig
from flakestorm.agents.open import open_agent
from flakestorm.agents.port import Request
from flakestorm.agents.process import Processes
from flakestorm.agents.serve import Server, free_port
from flakestorm.model.errors import AgentUnreachable, UsageError
from flakestorm.model.finding import Finding
from flakestorm.model.outcome import ErrorKind
from flakestorm.model.verdict import Severity

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="POSIX processes")
WAIT_S = 30

SERVER = '''
"""An agent that answers with its process id, and does what the prompt says."""
import json, os, signal, socket, sys, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    state = []

    def do_GET(self):
        self.answer(404, b"{}")

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or b"{}")
        prompt = body.get("input", "")
        if self.path == "/reset":
            self.state.clear()
            self.answer(200, b"{}")
            return
        if prompt.startswith("exit"):
            sys.stderr.write("about to exit\\n")
            os._exit(int(prompt.split()[1]))
        if prompt == "crash":
            os.kill(os.getpid(), signal.SIGSEGV)
            signal.pause()
        if prompt == "hang up":
            self.connection.shutdown(socket.SHUT_RDWR)
            self.close_connection = True
            return
        self.state.append(prompt)
        self.answer(200, json.dumps({"output": f"{os.getpid()} {len(self.state)} {prompt}"}).encode())

    def answer(self, status, data):
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *arguments):
        pass


if "flood" in sys.argv:
    sys.stdout.write("x" * 5_000_000 + "\\n")
    sys.stdout.write("line\\n" * 1_000_000)
if "stubborn" in sys.argv:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
if "fifo" in os.environ:
    marker = os.open(os.environ["fifo"], os.O_WRONLY)
    if os.fork() == 0:
        os.write(marker, b"child")
        while True:
            time.sleep(1000)
ThreadingHTTPServer.allow_reuse_address = True
ThreadingHTTPServer.daemon_threads = True
ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
'''


@pytest.fixture
def script(tmp_path: Path) -> Path:
    """The server's file."""
    path = tmp_path / "server.py"
    path.write_text(SERVER)
    return path


def configured(script: Path | str, *words: str, **serving: Any) -> AgentConfig:
    """An HTTP agent that is served by ``script`` at a free port."""
    return AgentConfig.model_validate(
        {
            "endpoint": "http://127.0.0.1:{port}/invoke",
            "reset_endpoint": "http://127.0.0.1:{port}/reset",
            "timeout": 20_000,
            "serve": {
                "command": [sys.executable, "-I", "-S", str(script), "{port}", *words],
                "ready_timeout_s": WAIT_S,
                **serving,
            },
        }
    )


def ignore(_: Finding) -> None:
    """For tests in which nothing may be found."""
    raise AssertionError("a finding")


async def test_serve_send_and_stop(script: Path) -> None:
    """The agent is started, answers, is reset, and is gone afterwards."""
    async with open_agent(configured(script), ignore) as agent:
        await agent.preflight()
        first = await agent.send(Request(("hello",), "trial"))
        assert first.reply is not None, first.error
        process, count, _ = first.reply.split()
        await agent.reset()
        second = await agent.send(Request(("again",), "trial"))
        assert (second.reply, count) == (f"{process} 1 again", "1")
    with pytest.raises(ProcessLookupError):
        os.kill(int(process), 0)


async def test_ready_url_and_environment(script: Path) -> None:
    """The ready URL may answer 404; ``{port}`` is filled in the environment too."""
    source = "import os, runpy, sys; sys.argv[1] = os.environ['PORT']; runpy.run_path(sys.argv[2])"
    config = AgentConfig.model_validate(
        {
            "endpoint": "http://127.0.0.1:{port}/invoke",
            "serve": {
                "command": [sys.executable, "-c", source, "-", str(script)],
                "env": {"PORT": "{port}"},
                "ready": "http://127.0.0.1:{port}/health",
            },
        }
    )
    async with open_agent(config, ignore) as agent:
        assert (await agent.send(Request(("hello",)))).error is None


async def test_crash_is_found_and_the_agent_started_again(script: Path) -> None:
    """The trial died with the process, a finding says so, and the next trial meets a new process."""
    found: list[Finding] = []
    async with open_agent(configured(script), found.append) as agent:
        before = (await agent.send(Request(("hello",), "before"))).reply
        died = await agent.send(Request(("exit 7",), "fatal"))
        after = (await agent.send(Request(("hello",), "after"))).reply
        crashed = await agent.send(Request(("crash",), "worse"))
    assert died.error is not None
    assert died.error.kind is ErrorKind.DIED
    assert died.error.message == "the agent's process ended with code 7 while it handled this trial"
    assert died.error.detail == "about to exit"
    assert crashed.error is not None
    assert "was killed by SIGSEGV" in crashed.error.message
    assert before is not None
    assert after is not None
    assert before.split()[0] != after.split()[0]
    assert [(finding.kind, finding.severity, finding.trials) for finding in found] == [
        ("agent_crashed", Severity.HIGH, ("fatal",)),
        ("agent_crashed", Severity.HIGH, ("worse",)),
    ]
    assert found[0].title == "The agent's process ended with code 7 while it handled one trial"
    assert found[0].detail == "about to exit"


async def test_trials_in_flight_are_all_named(script: Path) -> None:
    """A crash in the middle of several trials names them all; those not reached get the new process."""
    found: list[Finding] = []
    async with open_agent(configured(script), found.append) as agent:
        outcomes = await asyncio.gather(
            *(agent.send(Request(("exit 1" if i == 0 else "hello",), f"t{i}")) for i in range(4))
        )
        later = await agent.send(Request(("hello",), "later"))
    assert outcomes[0].error is not None
    assert outcomes[0].error.kind is ErrorKind.DIED
    assert all(o.error is None or o.error.kind is ErrorKind.DIED for o in outcomes)
    assert "t0" in found[0].trials
    assert later.error is None


async def test_broken_connection_of_a_living_process(script: Path) -> None:
    """Without a death, the outcome stays what the connection said."""
    async with open_agent(configured(script), ignore) as agent:
        outcome = await agent.send(Request(("hang up",), "trial"))
    assert outcome.error is not None
    assert outcome.error.kind is ErrorKind.DISCONNECTED


async def test_restarts_are_limited(script: Path) -> None:
    """When they are used up, trials are refused at once with the reason."""
    found: list[Finding] = []
    async with open_agent(configured(script, restarts=1), found.append) as agent:
        for _ in range(2):
            outcome = await agent.send(Request(("exit 3",), "fatal"))
            assert outcome.error is not None
            assert outcome.error.kind is ErrorKind.DIED
        refused = await agent.send(Request(("hello",), "late"))
    assert refused.error is not None
    assert refused.error.kind is ErrorKind.REFUSED
    assert "(1 restarts used): the agent's process ended with code 3" in refused.error.message
    assert found[1].title.endswith("and was not started again")


async def test_process_that_dies_while_idle_and_cannot_be_started_again(script: Path) -> None:
    """The finding says that nothing was sent; a restart that fails uses the restarts up."""
    found: list[Finding] = []
    broken = script.with_name("broken.py")
    broken.write_text("raise SystemExit('edited meanwhile')")
    async with open_agent(configured(script, restarts=2), found.append) as agent:
        reply = (await agent.send(Request(("hello",), "t"))).reply
        assert reply is not None
        await asyncio.to_thread(broken.rename, script)
        os.kill(int(reply.split()[0]), signal.SIGKILL)
        outcome = await agent.send(Request(("hello",), "t"))
        while outcome.error is not None and outcome.error.kind is not ErrorKind.REFUSED:
            outcome = await agent.send(Request(("hello",), "t"))
    assert outcome.error is not None
    assert "ended with code 1 before it was ready\nedited meanwhile" in outcome.error.message
    assert "was killed by SIGKILL" in found[0].title


async def test_replicas(script: Path) -> None:
    """Each trial meets the same process every time, and all processes are used."""
    async with open_agent(configured(script, replicas=2), ignore) as agent:
        await agent.preflight()
        await agent.reset()
        names = [f"trial {i}" for i in range(8)]
        rounds = []
        for _ in range(2):
            outcomes = await asyncio.gather(*(agent.send(Request(("x",), name)) for name in names))
            rounds.append([(outcome.reply or "").split()[0] for outcome in outcomes])
    assert rounds[0] == rounds[1]
    assert len(set(rounds[0])) == 2


async def test_process_that_ends_before_it_is_ready() -> None:
    """The exit code and the last lines are told."""
    config = AgentConfig.model_validate(
        {
            "endpoint": "http://127.0.0.1:{port}/",
            "serve": {"command": ["sh", "-c", "echo no such module >&2; exit 5", "{port}"]},
        }
    )
    with pytest.raises(AgentUnreachable, match="ended with code 5 before it was ready\nno such module"):
        async with open_agent(config, ignore):
            pass


async def test_process_that_is_never_ready() -> None:
    """The time is limited, and what was tried is told."""
    config = AgentConfig.model_validate(
        {
            "endpoint": "http://127.0.0.1:{port}/",
            "serve": {
                "command": ["sh", "-c", "echo waiting; exec sleep 1000", "{port}"],
                "ready_timeout_s": 0.3,
            },
        }
    )
    with pytest.raises(AgentUnreachable) as caught:
        async with open_agent(config, ignore):
            pass
    assert "was not ready within 0.3 s" in str(caught.value)
    assert "nothing accepts connections at port" in str(caught.value)
    assert str(caught.value).endswith("waiting")


async def test_one_replica_that_fails_stops_the_others(script: Path, tmp_path: Path) -> None:
    """No process is left when one of them could not be started."""
    once = tmp_path / "once"
    source = (
        "import os, sys, runpy\n"
        f"try: os.mkdir({str(once)!r})\n"
        "except FileExistsError: sys.exit('the second one')\n"
        f"runpy.run_path({str(script)!r})\n"
    )
    wrapper = tmp_path / "wrapper.py"
    wrapper.write_text(source)
    with pytest.raises(AgentUnreachable, match="the second one"):
        async with open_agent(configured(wrapper, replicas=2), ignore):
            pass


async def test_program_that_is_not_there() -> None:
    """A typing error in the command is told with the nearest program."""
    config = AgentConfig.model_validate(
        {"endpoint": "http://127.0.0.1:{port}/", "serve": {"command": "pyhton3 app.py {port}"}}
    )
    with pytest.raises(AgentUnreachable, match=r"agent\.serve\.command: there is no program 'pyhton3'"):
        async with open_agent(config, ignore):
            pass


async def test_program_that_cannot_be_started(tmp_path: Path) -> None:
    """A file that is executable but no program is told with the system's reason."""
    broken = tmp_path / "broken"
    broken.write_bytes(b"\x7fELF not really")
    broken.chmod(0o755)
    config = AgentConfig.model_validate(
        {"endpoint": "http://127.0.0.1:{port}/", "serve": {"command": [str(broken), "{port}"]}}
    )
    with pytest.raises(AgentUnreachable, match="could not be started"):
        async with open_agent(config, ignore):
            pass


async def test_replicas_need_ports_of_their_own(script: Path) -> None:
    """Without ``{port}`` in the command there can be only one process."""
    config = AgentConfig.model_validate(
        {
            "endpoint": "http://127.0.0.1:8000/",
            "serve": {"command": ["python", str(script), "8000"], "replicas": 2},
        }
    )
    with pytest.raises(UsageError, match="2 replicas cannot share one port"):
        async with open_agent(config, ignore):
            pass


async def test_fixed_port(script: Path) -> None:
    """A command without ``{port}`` listens where the endpoint says; a foreign server there is refused."""
    port = free_port()
    config = AgentConfig.model_validate(
        {
            "endpoint": f"http://127.0.0.1:{port}/invoke",
            "serve": {"command": [sys.executable, "-I", "-S", str(script), str(port)]},
        }
    )
    async with open_agent(config, ignore) as agent:
        assert (await agent.send(Request(("hello",)))).error is None
        with pytest.raises(AgentUnreachable, match=f"something else already listens at port {port}"):
            async with open_agent(config, ignore):
                pass


async def test_port_taken_meanwhile(script: Path) -> None:
    """Another port is tried when the first is taken between finding and using it."""
    with socket.socket() as taken:
        # Bound but not listening: nothing answers there, and nobody else can have it.
        taken.bind(("127.0.0.1", 0))
        ports = [taken.getsockname()[1], free_port()]
        processes = Processes()
        config = configured(script)
        assert config.serve is not None
        async with Server(config.serve, config.endpoint, processes, ignore, lambda: ports.pop(0)) as server:
            assert server.filled("at {port}") == f"at {server.port}"
        processes.close()
    assert ports == []


async def test_flood_of_output(script: Path) -> None:
    """Ten megabytes of output neither block the server nor fill the memory."""
    async with open_agent(configured(script, "flood"), ignore) as agent:
        assert (await agent.send(Request(("hello",)))).error is None


async def gone(reading: int) -> bytes:
    """What was written to the fifo, once every process that had it open has ended."""
    loop = asyncio.get_running_loop()
    seen = bytearray()
    ended: asyncio.Future[None] = loop.create_future()

    def read() -> None:
        piece = os.read(reading, 1000)
        seen.extend(piece)
        if not piece and not ended.done():
            ended.set_result(None)

    loop.add_reader(reading, read)
    try:
        await asyncio.wait_for(ended, WAIT_S)
    finally:
        loop.remove_reader(reading)
    return bytes(seen)


@pytest.mark.parametrize("stubborn", [False, True])
async def test_children_of_the_server_end_with_it(script: Path, tmp_path: Path, stubborn: bool) -> None:
    """Nothing of the group is left, even where SIGTERM is ignored."""
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    reading = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    words = ("stubborn",) if stubborn else ()
    async with open_agent(configured(script, *words, env={"fifo": str(fifo)}), ignore) as agent:
        assert (await agent.send(Request(("hello",)))).error is None
    assert await gone(reading) == b"child"
    os.close(reading)


async def test_cancelled_while_it_starts(tmp_path: Path) -> None:
    """Ctrl-C during the start stops the process."""
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    reading = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    started = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().add_reader(reading, lambda: started.done() or started.set_result(None))
    command = ["sh", "-c", f"exec 3> {fifo}; echo up >&3; exec sleep 1000", "{port}"]
    config = AgentConfig.model_validate(
        {"endpoint": "http://127.0.0.1:{port}/", "serve": {"command": command}}
    )

    async def run() -> None:
        async with open_agent(config, ignore):
            raise AssertionError("ready")

    task = asyncio.create_task(run())
    await asyncio.wait_for(started, WAIT_S)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await gone(reading) == b"up\n"
    os.close(reading)


async def test_server_that_was_not_started() -> None:
    """Asking a server for its process before it was started says so, and stopping it is nothing."""
    processes = Processes()
    config = configured("x.py")
    assert config.serve is not None
    server = Server(config.serve, config.endpoint, processes, ignore)
    server._settled.set()
    assert await server.life() == "the served agent was not started"
    await server.__aexit__(None, None, None)
