"""A configuration in another folder than the current one: what it names is found beside it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Program = Callable[..., subprocess.CompletedProcess[str]]

PYTHON = """
agent: {type: python, endpoint: "bot.py:reply", reset_function: "house_rules:reset"}
golden_prompts: ["How do I get a refund for order 4512?"]
mutations: {count: 4, types: [noise]}
invariants:
  - {type: python, function: "house_rules:polite"}
  - {type: json_schema, schema: reply.schema.json}
output: {format: json, filename_template: result}
"""
RULE = "invariants: [{type: completes}]\n"
BOT = """
import os

def reply(prompt):
    os.chdir("/")
    return '{"answer": "thank you"}'
"""
RULES = """
def polite(reply):
    return "thank" in reply

def reset():
    pass
"""
PROGRAM = """
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.send_header("content-length", "9")
        self.end_headers()
        self.wfile.write(b"thank you")

    def log_message(self, *words):
        pass

ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""
SERVED = """
agent:
  endpoint: "http://127.0.0.1:{port}/"
  serve: {command: [PYTHON, serve_me.py, "{port}"], cwd: programs}
golden_prompts: ["hi there"]
mutations: {count: 2, types: [noise]}
invariants: [{type: contains, value: thank}]
"""


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """A folder beside the current one, with a name that not every program can stand."""
    folder = tmp_path / "prüfung 試験" / "configs"
    (folder / "programs").mkdir(parents=True)
    return folder


def test_what_python_code_names(
    flakestorm: Program, project: Path, elsewhere: Path, report: Callable[[], Any]
) -> None:
    """File, modules and schema; the reports go below the current folder, wherever the agent goes."""
    (elsewhere / "flakestorm.yaml").write_text(PYTHON, encoding="utf-8")
    (elsewhere / "bot.py").write_text(BOT, encoding="utf-8")
    (elsewhere / "house_rules.py").write_text(RULES, encoding="utf-8")
    (elsewhere / "reply.schema.json").write_text('{"required": ["answer"]}', encoding="utf-8")
    done = flakestorm("run", "-c", str(elsewhere.relative_to(project) / "flakestorm.yaml"))
    assert done.returncode == 0, done.stdout + done.stderr
    assert report()["totals"]["passed"] == 7


def test_what_is_beside_the_user_is_found_too(flakestorm: Program, elsewhere: Path) -> None:
    """Python code in the current folder is found when there is none beside the file."""
    path = elsewhere / "flakestorm.yaml"
    path.write_text(PYTHON.partition("invariants")[0].replace("bot.py", "agent.py") + RULE, encoding="utf-8")
    (elsewhere / "house_rules.py").write_text(RULES, encoding="utf-8")
    done = flakestorm("verify", "-c", str(path))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "your refund is on its way" in done.stdout


def test_where_programs_start(flakestorm: Program, elsewhere: Path) -> None:
    """``cwd`` belongs to the file as well, and the command is started there."""
    (elsewhere / "flakestorm.yaml").write_text(SERVED.replace("PYTHON", sys.executable), encoding="utf-8")
    (elsewhere / "programs/serve_me.py").write_text(PROGRAM, encoding="utf-8")
    done = flakestorm("run", "-c", str(elsewhere / "flakestorm.yaml"))
    assert done.returncode == 0, done.stdout + done.stderr
