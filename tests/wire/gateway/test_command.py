"""The command as users start it: what it prints, its admin API, and how it ends."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic
from typing import Any
from urllib.error import HTTPError

import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")

COMMAND = (sys.executable, "-m", "flakestorm", "gateway")
WITHIN_S = 60
TOKEN = "the-token-of-this-test"
STREAM_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n"

Start = Callable[..., "Started"]


class Started:
    """A gateway that runs in a process of its own."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        assert process.stdout is not None
        lines = []
        for line in process.stdout:
            lines.append(line)
            if line.startswith("Calls:"):
                break
        self.shown = "".join(lines)
        self.variables = dict(re.findall(r"^  export (\w+)=(\S+)$", self.shown, re.MULTILINE))
        self.address = self.variables["HTTP_PROXY"]

    def admin(self, resource: str, body: Any = None, token: str = TOKEN) -> tuple[int, Any]:
        """Status and JSON of an answer of the admin API."""
        data = None if body is None else json.dumps(body).encode()
        asked = urllib.request.Request(f"{self.address}/__flakestorm__/{resource}", data)
        asked.add_header("Authorization", f"Bearer {token}")
        try:
            with urllib.request.urlopen(asked, timeout=WITHIN_S) as answer:
                return answer.status, json.load(answer)
        except HTTPError as error:
            return error.code, json.load(error)

    def ask(self, variable: str, path: str) -> int:
        """The status of a POST to the address in ``variable``."""
        data = json.dumps({"model": "m"}).encode()
        try:
            with urllib.request.urlopen(self.variables[variable] + path, data, WITHIN_S) as answer:
                return int(answer.status)
        except HTTPError as error:
            return error.code


@pytest.fixture
def upstream() -> Iterator[int]:
    """The port of a server that begins a stream on each connection and never ends it."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        kept = []

        def serve() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                connection.recv(1 << 16)
                connection.sendall(STREAM_HEAD)
                kept.append(connection)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)
        thread.join(WITHIN_S)
        for connection in kept:
            connection.close()


@pytest.fixture
def folder(tmp_path: Path, upstream: int) -> Path:
    """A folder with a configuration."""
    (tmp_path / "flakestorm.yaml").write_text(
        f"""
agent: {{endpoint: "http://127.0.0.1:9/"}}
golden_prompts: [hello]
invariants: [{{type: output_not_empty}}]
chaos:
  llm_faults: [{{mode: server_error, model: m}}]
  gateway:
    upstreams: {{openai: "http://127.0.0.1:{upstream}/v1"}}
    tools: {{shop: {{upstream: "http://127.0.0.1:{upstream}", env: SHOP_URL}}}}
chaos_matrix:
  - {{name: too-many, llm_faults: [{{mode: rate_limit}}]}}
"""
    )
    return tmp_path


@pytest.fixture
def start(folder: Path) -> Iterator[Start]:
    """Starts the command, and ends it afterwards if it still runs."""
    running = []

    def begin(*options: str) -> Started:
        process = subprocess.Popen(
            [*COMMAND, *options],
            cwd=folder,
            env={**_clean_environment(), "FLAKESTORM_GATEWAY_TOKEN": TOKEN},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        running.append(process)
        return Started(process)

    yield begin
    for process in running:
        process.kill()
        process.communicate()


def _clean_environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}


def test_faults_and_the_admin_api(start: Start) -> None:
    """The section's faults are in force first; another scenario takes their place; calls can be read."""
    started = start()
    assert "Scenario: chaos\n" in started.shown
    assert TOKEN not in started.shown
    assert started.variables["SHOP_URL"] == f"{started.address}/tool/shop"
    assert started.variables["NO_PROXY"] == started.address.removeprefix("http://")
    assert started.ask("OPENAI_BASE_URL", "/chat/completions") == 500
    status, calls = started.admin("calls")
    assert (status, calls["scenario"], calls["seen"]) == (200, "chaos", 1)
    assert calls["calls"][0]["fired"] == ["server_error"]
    status, scenario = started.admin("scenario", {"scenario": "too-many"})
    assert (status, scenario["scenario"]) == (200, "too-many")
    assert started.ask("OPENAI_BASE_URL", "/chat/completions") == 429
    assert started.admin("stats")[1] == {"scenario": "too-many", "calls": 2, "open": 0, "strays": 0}
    status, answer = started.admin("scenario", {"scenario": "too-mny"})
    assert (status, "did you mean 'too-many'?" in answer["error"]) == (404, True)
    assert started.admin("calls", token="wrong")[0] == 401
    assert started.admin("health", token="wrong") == (
        200,
        {"status": "ok", "calls": 2, "open": 0, "strays": 0},
    )
    started.process.send_signal(signal.SIGINT)
    rest, _ = started.process.communicate(timeout=WITHIN_S)
    assert started.process.returncode == 0
    assert rest == "2 calls. Faults that fired: rate_limit 1\n"


def test_it_ends_quickly_with_open_streams(start: Start) -> None:
    """SIGTERM: within five seconds, however many streams are open, with exit code 0."""
    started = start("--scenario", "no-chaos")
    host, port = started.address.removeprefix("http://").split(":")
    streams = []
    for _ in range(50):
        stream = socket.create_connection((host, int(port)), WITHIN_S)
        stream.sendall(b"POST /openai/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}")
        streams.append(stream)
    for stream in streams:
        received = b""
        while b"data: 1\n\n" not in received:
            received += stream.recv(1 << 16)
    begin = monotonic()
    started.process.send_signal(signal.SIGTERM)
    rest, _ = started.process.communicate(timeout=WITHIN_S)
    assert monotonic() - begin < 5
    assert started.process.returncode == 0
    assert rest.startswith("50 calls. ")
    for stream in streams:
        stream.close()


def test_a_port_that_is_taken(start: Start, folder: Path) -> None:
    """Exit code 3, with what to do."""
    port = start().address.rpartition(":")[2]
    done = subprocess.run([*COMMAND, "--port", port], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 3
    assert done.stderr == (
        f"flakestorm: the gateway cannot listen on port {port} of 127.0.0.1: it is in use. "
        "Choose another port, or 0 for any free one\n"
    )


def test_an_unknown_scenario(folder: Path) -> None:
    """Exit code 2, with the nearest name."""
    command = [*COMMAND, "--scenario", "to-many"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert (
        "unknown scenario 'to-many', did you mean 'too-many'? Known: no-chaos, chaos, too-many" in done.stderr
    )


def test_a_token_of_its_own_is_not_written_to_files(folder: Path) -> None:
    """Without a terminal the token is not shown, because the output may be kept."""
    process = subprocess.Popen(
        [*COMMAND, "-s", "slow_llm"],
        cwd=folder,
        env=_clean_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    started = Started(process)
    assert "Scenario: slow_llm\n" in started.shown
    assert "Bearer" not in started.shown
    assert "a token made here is only shown in a terminal" in started.shown
    process.terminate()
    process.communicate(timeout=WITHIN_S)
