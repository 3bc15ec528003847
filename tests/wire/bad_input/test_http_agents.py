"""HTTP agents that do everything wrong, and prompts of any size: each trial says what happened."""

from __future__ import annotations

import os
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Program = Callable[..., subprocess.CompletedProcess[str]]
Refused = Callable[..., str]
Report = Callable[[], dict[str, Any]]

SERVED = Path(__file__).with_name("served.py")
CONFIG = """
agent:
  endpoint: "http://127.0.0.1:{port}/chat"
  timeout: 5000
  serve: {command: [PYTHON, SERVED, "{port}"]}
golden_prompts: PROMPTS
mutations: {count: 1, types: [noise]}
invariants: [{type: contains, value: refund}]
advanced: {control_repeats: 1, retries: 0, shrink_budget: 0}
output: {format: json, filename_template: result}
"""

WRONG = {
    "loop": ("redirect", "goes round in a circle"),
    "latin": ("bad_reply", "not utf-8 (byte 3"),
    "html": ("bad_reply", "the answer is not JSON"),
    "null": ("bad_reply", "the answer is null"),
    "huge": ("too_large", "larger than agent.max_reply_bytes (10,485,760 bytes)"),
    "endless": ("timeout", "no complete reply within 5,000 ms"),
    "cut": ("disconnected", "the connection was lost before the reply (status 200"),
    "drop": ("disconnected", "the connection was lost before the reply (no headers came)"),
    "301": ("status", "301 Moved Permanently"),
    "401": ("status", "401 Unauthorized; is the key in agent.headers right?"),
    "403": ("status", "403 Forbidden"),
    "404": ("status", "404 Not Found; is the path in agent.endpoint right?"),
    "429": ("status", "429 Too Many Requests"),
}
FAILED = ("202", "204")
FINE = ("nested", "lines", "fine")


@pytest.fixture
def configure(project: Path) -> Callable[..., None]:
    """Writes the configuration for some golden prompts, with other changes as (old, new)."""

    def write(prompts: list[str], *changes: tuple[str, str]) -> None:
        text = CONFIG.replace("PYTHON", sys.executable).replace("SERVED", str(SERVED))
        text = text.replace("PROMPTS", repr(prompts))
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        (project / "flakestorm.yaml").write_text(text, encoding="utf-8")

    return write


def test_whatever_the_agent_does_is_told(
    flakestorm: Program, configure: Callable[..., None], report: Report
) -> None:
    """One run with all kinds of wrong answers: exit code 3, each error by its name, nothing lost."""
    configure([f"{word} please" for word in (*WRONG, *FAILED, *FINE)])
    done = flakestorm("run")
    assert done.returncode == 3, done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    control = {t["prompt"].split()[0]: t for t in report()["trials"] if t["mutation"] is None}
    assert len(report()["trials"]) == 2 * len(control)
    for word, (kind, message) in WRONG.items():
        trial = control[word]
        assert (trial["status"], trial["error"]["kind"]) == ("errored", kind), trial
        assert message in trial["error"]["message"]
        assert trial["reply"] is None
    assert {control[word]["status"] for word in FAILED} == {"failed"}
    assert {control[word]["status"] for word in FINE} == {"passed"}
    assert len(control["lines"]["reply"]) == 70_000


def test_an_agent_that_never_has_time(
    flakestorm: Program, configure: Callable[..., None], report: Report
) -> None:
    """429 for ever: the run slows down, ends, and has no verdict."""
    configure(["429 please"], ("retries: 0", "retries: 1"))
    done = flakestorm("run")
    assert done.returncode == 3
    assert "Slower: the agent answered 429 or 503" in done.stdout
    assert "Nothing could be judged" in done.stdout
    assert [trial["attempts"] for trial in report()["trials"]] == [2, 2]


def test_an_agent_that_dies_at_once(refused: Refused, configure: Callable[..., None], project: Path) -> None:
    """What it printed last is shown, but not the key in it."""
    (project / "dies.py").write_text(
        "import sys\nsys.exit('no model, with sk-abcdefghijklmnopqrstuvwxyz0123456789')"
    )
    configure(["hi"], (str(SERVED), "dies.py"))
    message = refused("run", code=3)
    assert "ended with code 1 before it was ready" in message
    assert "no model" in message
    assert "sk-abc" not in message


def test_a_crash_is_a_finding_without_keys(
    flakestorm: Program, configure: Callable[..., None], project: Path, report: Report
) -> None:
    """Its process died in the middle of a run: what it printed is kept, redacted."""
    source = SERVED.read_text(encoding="utf-8").replace('if word == "loop":', 'if word == "die":')
    source = source.replace('raise web.HTTPTemporaryRedirect("/chat")', "import os; os._exit(7)")
    (project / "fragile.py").write_text(source, encoding="utf-8")
    configure(["fine please", "die now"], (str(SERVED), "fragile.py"))
    flakestorm("run")
    (finding,) = {f["title"]: f for f in report()["findings"] if f["kind"] == "agent_crashed"}.values()
    assert "ended with code 7 while it handled" in finding["title"]
    assert "the key is [redacted]" in finding["detail"]
    died = [t for t in report()["trials"] if t["prompt"] == "die now" and t["mutation"] is None]
    assert [t["error"]["kind"] for t in died] == ["died"]
    assert any(t["status"] == "passed" for t in report()["trials"])


@pytest.mark.parametrize(
    ("endpoint", "code", "said"),
    [
        ("127.0.0.1:8000/chat", 2, ["'127.0.0.1:8000/chat' is not a URL", "'http://127.0.0.1:8000/chat'?"]),
        ("https://127.0.0.1:PORT/", 3, ["the secure connection failed", "http://127.0.0.1:"]),
        ("http://127.0.0.1:9/", 3, ["Connection refused", "127.0.0.1 port 9", "Is the agent running"]),
    ],
)
def test_addresses_at_which_nothing_can_be_asked(
    refused: Refused, project: Path, endpoint: str, code: int, said: list[str]
) -> None:
    """No scheme, TLS where there is none, a port nobody listens at: told before anything is run."""
    config = project / "flakestorm.yaml"
    with socket.create_server(("127.0.0.1", 0)) as listener:
        endpoint = endpoint.replace("PORT", str(listener.getsockname()[1]))
        config.write_text(
            f"agent: {{endpoint: '{endpoint}'}}\ngolden_prompts: [hi]\ninvariants: [{{type: completes}}]\n"
        )
        plain = subprocess.Popen(
            [sys.executable, "-c", HANGS_UP, str(listener.fileno())], pass_fds=[listener.fileno()]
        )
        try:
            message = refused("run", code=code)
        finally:
            plain.kill()
            plain.wait()
    assert all(part in message for part in said), message
    assert not (project / ".flakestorm").exists()


HANGS_UP = """
import socket, sys
listener = socket.socket(fileno=int(sys.argv[1]))
while True:
    connection, _ = listener.accept()
    connection.recv(100)
    connection.sendall(b"HTTP/1.0 400 Bad Request\\r\\n\\r\\n")
    connection.close()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
@pytest.mark.parametrize(
    ("signals", "code"), [((signal.SIGINT, signal.SIGINT), 130), ((signal.SIGTERM,), 130)]
)
def test_impatient_users(
    configure: Callable[..., None], project: Path, signals: tuple[signal.Signals, ...], code: int
) -> None:
    """Ctrl-C twice, and what a container sends: what finished is stored, and the agent is gone."""
    configure(["fine please"], ("count: 1", "count: 500"), ("retries: 0", "rate_per_s: 50"))
    command = [sys.executable, "-m", "flakestorm", "run", "-q"]
    process = subprocess.Popen(command, cwd=project, stderr=subprocess.PIPE, text=True)
    assert _stored(project, process) >= 1
    for number in signals:
        process.send_signal(number)
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == code
    assert "Traceback" not in stderr
    left = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    assert str(project) not in left


def _stored(folder: Path, process: subprocess.Popen[str]) -> int:
    """How many trials are on disk, as soon as there are any; bounded by the end of the process."""
    while process.poll() is None:
        for path in (folder / ".flakestorm/runs").glob("*.db"):
            connection = sqlite3.connect(path)
            try:
                (stored,) = connection.execute("SELECT count(*) FROM trials").fetchone()
            except sqlite3.OperationalError:
                continue  # it is being created
            finally:
                connection.close()
            if stored:
                return int(stored)
        os.sched_yield()
    raise AssertionError("the run ended too early")
