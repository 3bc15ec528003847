"""Command agents with real programs: input, output, exit codes, limits, and what becomes of children."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from flakestorm.agents.command import CommandAgent, command_agent
from flakestorm.agents.config import AgentConfig
from flakestorm.agents.port import Request
from flakestorm.agents.process import Processes, described
from flakestorm.model.errors import AgentUnreachable
from flakestorm.model.outcome import ErrorKind, Outcome

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="POSIX programs")
WAIT_S = 30


def configured(*command: str, **more: Any) -> AgentConfig:
    """A command agent's configuration; ``timeout`` may be below what files allow."""
    timeout = more.pop("timeout", 30_000)
    config = AgentConfig(type="command", command=command, **more)
    return config.model_copy(update={"timeout": timeout})


async def ask(config: AgentConfig, *turns: str) -> Outcome:
    """The outcome of one trial."""
    agent = command_agent(config)
    try:
        return await agent.send(Request(turns or ("hello",), "trial-1"))
    finally:
        await agent.aclose()


def python(source: str) -> tuple[str, ...]:
    """The command that runs ``source``."""
    return (sys.executable, "-I", "-S", "-c", source)


async def test_prompt_on_standard_input() -> None:
    """The prompt arrives byte for byte, and the reply loses only its last line end."""
    prompt = "two\nlines \0 é\n"
    outcome = await ask(configured("cat"), prompt)
    assert (outcome.reply, outcome.error, outcome.status) == ("two\nlines \0 é", None, 0)
    assert outcome.first_byte_ms is not None
    assert (await ask(configured("cat"), "windows\r\n")).reply == "windows"


async def test_prompt_as_argument() -> None:
    """No shell sees the argument, and without a place for it, it is the last one."""
    prompt = "$(id); 'quoted' | & > * é"
    assert (await ask(configured("printf", "%s", "<{prompt}>"), prompt)).reply == f"<{prompt}>"
    assert (await ask(configured("printf", "%s", prompt_via="argument"), prompt)).reply == prompt


async def test_command_in_the_endpoint() -> None:
    """A command line in ``endpoint`` is split like a shell would, without one."""
    config = AgentConfig(type="command", endpoint="printf '%s|%s' 'a b' {prompt}")
    assert (await ask(config, "x y")).reply == "a b|x y"


async def test_conversation_is_a_transcript() -> None:
    """All turns arrive in one text."""
    assert (await ask(configured("cat"), "one", "two")).reply == "User: one\n\nUser: two"


async def test_environment_and_directory(tmp_path: Path) -> None:
    """Variables are added to the inherited ones, with the trial's id; the directory is used."""
    source = (
        "import os, json; e = os.environ; print(json.dumps([e['WORD'], e['FLAKESTORM_TRIAL'], os.getcwd()]))"
    )
    outcome = await ask(configured(*python(source), env={"WORD": "w"}, cwd=str(tmp_path)))
    expected = ["w", "trial-1", str(tmp_path)]
    assert json.loads(outcome.reply or "") == expected


async def test_big_input_and_output_do_not_block_each_other() -> None:
    """Megabytes go in and come out, more than any pipe holds."""
    prompt = "x" * 3_000_000
    assert (await ask(configured("cat"), prompt)).reply == prompt


async def test_program_that_does_not_read() -> None:
    """A broken pipe is no error of the program."""
    outcome = await ask(configured("echo", "done"), "y" * 2_000_000)
    assert (outcome.reply, outcome.error) == ("done", None)


async def test_exit_code() -> None:
    """A code other than 0 is an error with the end of standard error, or else of standard output."""
    source = "import sys;print('out');sys.stderr.write('x'*50000+'the reason');sys.exit(3)"
    outcome = await ask(configured(*python(source)))
    assert outcome.error is not None
    assert (outcome.error.kind, outcome.status) == (ErrorKind.STATUS, 3)
    assert outcome.error.message == "the program ended with code 3"
    assert outcome.error.detail.endswith("the reason")
    assert len(outcome.error.detail) <= 2000
    silent = await ask(configured("sh", "-c", "echo on stdout; exit 1"))
    assert silent.error is not None
    assert silent.error.detail == "on stdout"


async def test_signal() -> None:
    """A crash is told by the name of its signal."""
    outcome = await ask(configured("sh", "-c", "kill -SEGV $$"))
    assert outcome.error is not None
    assert outcome.error.message == "the program was killed by SIGSEGV"
    assert described(-200) == "was killed by signal 200"


async def test_output_that_is_no_reply() -> None:
    """Bytes that are not UTF-8, and what ``response_path`` cannot read."""
    bad = await ask(configured("printf", r"ok\377"))
    assert bad.error is not None
    assert (bad.error.kind, bad.error.message) == (
        ErrorKind.BAD_REPLY,
        "standard output is not UTF-8: invalid start byte at byte 2",
    )
    for output in ("not json", '{"b": 1}'):
        outcome = await ask(configured("echo", output, response_path="a"))
        assert outcome.error is not None
        assert outcome.error.kind is ErrorKind.BAD_REPLY
    assert (await ask(configured("echo", '{"a": ["x"]}', response_path="a[0]"))).reply == "x"


async def test_output_limit() -> None:
    """An endless output is cut, and its program ended."""
    outcome = await ask(configured("yes", max_reply_bytes=100_000))
    assert outcome.error is not None
    assert outcome.error.kind is ErrorKind.TOO_LARGE
    assert "100,000 bytes" in outcome.error.message


@pytest.mark.parametrize(
    ("command", "prompt", "message"),
    [
        (("echo", "{prompt}"), "a\0b", r"NUL \(at 1\)"),
        (("echo", "{prompt}"), "a" * 3_000_000, "longer than an argument"),
        (("cat",), "a\ud800", r"U\+D800\) at 1"),
    ],
)
async def test_what_cannot_be_sent(command: tuple[str, ...], prompt: str, message: str) -> None:
    """Such trials are unsendable, and not the program's fault."""
    outcome = await ask(configured(*command), prompt)
    assert outcome.error is not None
    assert outcome.error.kind is ErrorKind.UNSENDABLE
    assert re.search(message, outcome.error.message)


@pytest.mark.parametrize("more", [{}, {"env": {"BAD": "nul\0inside"}}])
async def test_program_that_cannot_be_started(more: dict[str, Any]) -> None:
    """Nothing was reached: that is an outcome too."""
    outcome = await ask(configured("./not-there" if not more else "cat", **more))
    assert outcome.error is not None
    assert outcome.error.kind is ErrorKind.REFUSED
    assert "could not be started" in outcome.error.message


async def test_preflight() -> None:
    """A typing error is told before the run."""
    await CommandAgent(configured("cat")).preflight()
    with pytest.raises(AgentUnreachable, match="no program 'catt'"):
        await CommandAgent(configured("catt")).preflight()


async def test_reset_and_close_without_any_trial() -> None:
    """Both are nothing then."""
    agent = CommandAgent(configured("cat"))
    await agent.reset()
    await agent.aclose()


FAMILY = """
import os, signal, sys, time
if {stubborn}:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
marker = os.open(sys.argv[1], os.O_WRONLY)
if os.fork() == 0:
    os.write(marker, b"child ")
    while True:
        time.sleep(1000)
os.write(marker, b"parent ")
{then}
"""


def family(path: Path, stubborn: bool = False, then: str = "time.sleep(1000)") -> tuple[str, ...]:
    """A command whose process and child both hold the fifo ``path`` open for writing."""
    return (*python(FAMILY.format(stubborn=stubborn, then=then)), str(path))


class Fifo:
    """Tells when every process that opened it for writing is gone."""

    def __init__(self, path: Path) -> None:
        os.mkfifo(path)
        self.path = path
        self._end = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        self.seen = b""

    async def until(self, done: Callable[[bytes], bool]) -> bytes:
        """What was written, once ``done`` says so of the latest piece (empty: all writers are gone)."""
        loop = asyncio.get_running_loop()
        ready: asyncio.Future[None] = loop.create_future()

        def read() -> None:
            try:
                piece = os.read(self._end, 1000)
            except BlockingIOError:
                return
            self.seen += piece
            if (piece or self.seen) and done(piece) and not ready.done():
                ready.set_result(None)

        loop.add_reader(self._end, read)
        try:
            await asyncio.wait_for(ready, WAIT_S)
        finally:
            loop.remove_reader(self._end)
        return self.seen

    async def started(self) -> None:
        """Wait until the program and its child both run."""
        await self.until(lambda _: b"child" in self.seen and b"parent" in self.seen)

    async def gone(self) -> None:
        """Wait until both have ended."""
        await self.until(lambda piece: not piece)

    def close(self) -> None:
        """Close the reading end."""
        os.close(self._end)


@pytest.fixture
async def fifo(tmp_path: Path) -> Any:
    """A fifo in an empty directory."""
    made = Fifo(tmp_path / "fifo")
    yield made
    made.close()


@pytest.mark.parametrize("stubborn", [False, True])
async def test_timeout_kills_the_program_and_its_children(fifo: Fifo, stubborn: bool) -> None:
    """After the timeout nothing of the group is left, even where SIGTERM is ignored."""
    agent = CommandAgent(configured(*family(fifo.path, stubborn), timeout=2000))
    outcome = await agent.send(Request(("x",)))
    assert outcome.error is not None
    assert outcome.error.kind is ErrorKind.TIMEOUT
    await fifo.gone()
    await agent.aclose()


async def test_cancellation_kills_the_program_and_its_children(fifo: Fifo) -> None:
    """Ctrl-C in the middle of a trial leaves nothing behind."""
    agent = CommandAgent(configured(*family(fifo.path)))
    task = asyncio.create_task(agent.send(Request(("x",))))
    await fifo.started()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await fifo.gone()
    await agent.aclose()


async def test_child_that_stays_behind_does_not_hold_up_the_reply(fifo: Fifo) -> None:
    """The reply counts when the program itself has ended; its child is killed."""
    agent = CommandAgent(configured(*family(fifo.path, then="print('reply', flush=True)")))
    outcome = await asyncio.wait_for(agent.send(Request(("x",))), WAIT_S)
    assert (outcome.reply, outcome.status) == ("reply", 0)
    await fifo.gone()
    await agent.aclose()


PARENT = """
import asyncio, sys
from flakestorm.agents.process import Processes

async def main():
    await Processes().start(sys.argv[1:], lambda fd, data: None, env={})
    print("started", flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


async def test_killed_flakestorm_leaves_no_orphans(fifo: Fifo) -> None:
    """After kill -9 the guard ends what flakestorm had started."""
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PARENT, *family(fifo.path), stdout=asyncio.subprocess.PIPE
    )
    assert parent.stdout is not None
    assert await asyncio.wait_for(parent.stdout.readline(), WAIT_S) == b"started\n"
    await fifo.started()
    parent.send_signal(signal.SIGKILL)
    await parent.wait()
    await fifo.gone()


async def test_killed_guard_is_no_error() -> None:
    """The run goes on without its guard."""
    processes = Processes()
    process = await processes.start(("cat",), lambda fd, data: None, env={}, stdin=True)
    guard = processes._guard
    assert guard is not None
    guard.kill()
    await asyncio.to_thread(guard.wait, WAIT_S)
    await process.stop(WAIT_S)
    await process.stop(WAIT_S)
    assert process.exited.result() == -signal.SIGTERM
    processes.close()
    processes.close()


async def test_feeding_a_program_that_has_ended() -> None:
    """It does not raise, on any event loop."""
    processes = Processes()
    process = await processes.start(("true",), lambda fd, data: None, env={}, stdin=True)
    await asyncio.wait_for(process.drained, WAIT_S)
    await asyncio.wait_for(process.exited, WAIT_S)
    process.feed(b"late")
    await process.stop(0)
    processes.close()
