"""Sessions replayed: in the process, through the gateway, from the command line, with all else in one run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from flakestorm.core.config import load_config
from flakestorm.core.execution import Execution
from flakestorm.core.replay_run import Replays
from flakestorm.core.wishes import Wishes
from flakestorm.loop import run_async
from flakestorm.model.record import TrialStatus
from flakestorm.model.run import Run
from flakestorm.reports.schema import report_schema

WITHIN_S = 120

IN_PYTHON = '''
"""An agent whose tools are functions."""


def lookup(order):
    """A tool."""
    return {"arrives": "Friday"}


def note(text):
    """Another one."""
    return "noted"


registry = {"lookup": lookup}


def invoke(prompt):
    """Answer."""
    if "thrice" in prompt:
        return " ".join(registry["lookup"]("1")["arrives"] for _ in range(3))
    if "note" in prompt:
        return note("x")
    try:
        return f"It arrives on {registry['lookup']('1')['arrives']}."
    except ConnectionError:
        return "nobody answers"
    except Exception as error:
        return f"sorry: {error}"
'''
OVER_HTTP = '''
"""An agent whose tool is behind a URL that it takes from its environment."""

import json
import os
import sys
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Handler(BaseHTTPRequestHandler):
    """One question at a time."""

    def do_POST(self):
        """Answer from the tool."""
        self.rfile.read(int(self.headers["content-length"]))
        try:
            with urllib.request.urlopen(os.environ["ORDERS_URL"] + "/lookup") as answer:
                text = "It arrives on " + json.load(answer)["arrives"]
        except urllib.error.HTTPError as error:
            text = f"sorry: {error.code}"
        except OSError:
            text = "nobody answers"
        body = json.dumps({"reply": text}).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Quiet."""


ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
'''

REMEMBERS = """
registry = {}
asked = []


def reset():
    asked.clear()


def invoke(prompt):
    asked.append(prompt)
    return f"question {len(asked)}."
"""
REMEMBERS_SERVED = """

import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers.get("content-length", 0)))
        text = reset() or "done" if self.path == "/reset" else invoke("")
        self.send_response(200)
        self.send_header("content-type", "text/plain")
        self.send_header("content-length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_):
        pass


ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""


def sessions(*responses: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A session for each list of tool responses."""
    return [
        {"id": f"s{number}", "input": f"When, {number}?", "tool_responses": answers}
        for number, answers in enumerate(responses)
    ]


ANSWERS = sessions(
    [{"tool": "lookup", "response": {"arrives": "Monday"}, "latency_ms": 120}],
    [{"tool": "lookup", "response": "down", "status": 503}],
    [{"tool": "lookup", "status": 0}],
)
REPLIES = ["It arrives on Monday", "sorry: ", "nobody answers"]


def write(folder: Path, replays: list[dict[str, Any]], **changes: Any) -> Path:
    """A configuration for the agent in Python; JSON is YAML."""
    (folder / "shop.py").write_text(IN_PYTHON)
    data = {
        "version": "2.0",
        "agent": {"type": "python", "endpoint": "shop:invoke", "tool_registry": ["shop:registry"]},
        "golden_prompts": ["When?"],
        "invariants": [{"type": "contains", "id": "friday", "value": "Friday"}],
        "mutations": {"count": 2, "types": ["noise"]},
        "replays": {"sessions": replays},
        **changes,
    }
    path = folder / "flakestorm.yaml"
    path.write_text(json.dumps(data))
    return path


def replayed(path: Path, **wishes: Any) -> Run:
    """The run of all sessions."""
    config = load_config(path)
    return run_async(Execution(config, Wishes(replays=Replays.wanted(config), **wishes)).run())


@pytest.fixture(autouse=True)
def at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test has a folder of its own, and no module of another one's."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delitem(sys.modules, "shop", raising=False)
    monkeypatch.setattr(sys, "path", list(sys.path))


def test_a_tool_registry(tmp_path: Path) -> None:
    """Answers, statuses, connections that fail, and latencies are those of the record."""
    run = replayed(write(tmp_path, ANSWERS))
    records = sorted(run.records(), key=lambda record: record.trial.scenario)
    for record, reply in zip(records, REPLIES, strict=True):
        assert (record.outcome.reply or "").startswith(reply)
    assert [call.status for record in records for call in record.outcome.calls] == [200, 503, None]
    assert records[0].outcome.latency_ms >= 120
    assert run.assessment.exit_code == 1
    assert run.scores.replay is not None
    assert (run.scores.replay.value, run.scores.replay.judged) == (0.0, 3)
    assert run.scores.overall == run.scores.replay


@pytest.mark.slow
def test_the_gateway(tmp_path: Path) -> None:
    """The same for an agent over HTTP, whose tool does not even exist."""
    (tmp_path / "agent.py").write_text(OVER_HTTP)
    path = write(
        tmp_path,
        ANSWERS,
        agent={
            "type": "http",
            "endpoint": "http://127.0.0.1:{port}/",
            "serve": {"command": [sys.executable, "agent.py", "{port}"], "replicas": 1},
        },
        chaos={
            "gateway": {
                "port": 0,
                "tools": {"orders": {"upstream": "http://127.0.0.1:9", "env": "ORDERS_URL"}},
            }
        },
    )
    run = replayed(path)
    records = sorted(run.records(), key=lambda record: record.trial.scenario)
    for record, reply in zip(records, REPLIES, strict=True):
        assert (record.outcome.reply or "").startswith(reply)
    assert run.scores.replay is not None


def test_in_order_and_the_last_again(tmp_path: Path) -> None:
    """A tool that is called more often than it was recorded answers as it did last."""
    answers = [{"tool": "lookup", "response": {"arrives": day}} for day in ("Monday", "Friday")]
    path = write(tmp_path, [{"id": "a", "input": "thrice", "tool_responses": answers}])
    run = replayed(path)
    assert [record.outcome.reply for record in run.records()] == ["Monday Friday Friday"]
    assert run.replay is not None
    (session,) = run.replay.sessions
    (use,) = session.tools
    assert (use.recorded, use.used, use.calls, use.unused) == (2, 2, 3, 0)
    assert run.assessment.exit_code == 0


def test_nobody_asks(tmp_path: Path) -> None:
    """A replay in which no recorded tool is called proves nothing, and says what to do."""
    wrong = {"id": "a", "input": "When?", "tool_responses": [{"tool": "look-up", "response": 1}]}
    unseen = {
        "id": "b",
        "input": "note it: Friday",
        "tool_responses": [{"tool": "note", "response": "Friday"}],
    }
    none = {"id": "c", "input": "When is it, please?"}
    run = replayed(write(tmp_path, [wrong, unseen, none]))
    assert run.replay is not None
    first, second, third = run.replay.sessions
    assert [s.status for s in run.replay.sessions] == [
        TrialStatus.INCONCLUSIVE,
        TrialStatus.INCONCLUSIVE,
        TrialStatus.PASSED,
    ]
    assert "is 'look-up' the recorded name of 'lookup'?" in first.note
    assert "no call of a tool was seen. Name the agent's tools" in second.note
    assert third.tools[0].recorded == 0
    assert run.assessment.exit_code == 4


def test_flaky(tmp_path: Path) -> None:
    """A session that goes wrong in some repeats fails, and is called flaky."""
    path = write(tmp_path, sessions([]), advanced={"repeats": 4, "concurrency": 1})
    (tmp_path / "shop.py").write_text(
        "registry = {}\ncount = [0]\n\ndef invoke(prompt):\n    count[0] += 1\n"
        "    return 'Friday' if count[0] % 2 else 'Monday'\n"
    )
    run = replayed(path)
    assert run.replay is not None
    (session,) = run.replay.sessions
    assert (session.passed, session.failed, session.status) == (2, 2, TrialStatus.FAILED)
    assert session.is_flaky
    assert len(session.trials) == 4


@pytest.mark.parametrize("in_process", [True, False], ids=["function", "process"])
def test_no_session_sees_another(tmp_path: Path, in_process: bool) -> None:
    """An agent that remembers is brought back to its start before each."""
    agent: dict[str, Any] = {
        "type": "python",
        "endpoint": "shop:invoke",
        "tool_registry": ["shop:registry"],
        "reset_function": "shop:reset",
    }
    if not in_process:
        agent = {
            "endpoint": "http://127.0.0.1:{port}/",
            "reset_endpoint": "/reset",
            "serve": {"command": [sys.executable, "served.py", "{port}"], "replicas": 2},
        }
    rules = [{"type": "contains", "id": "first", "value": "question 1."}]
    advanced = {"repeats": 3, "concurrency": 4}
    path = write(tmp_path, sessions([], []), agent=agent, invariants=rules, advanced=advanced)
    (tmp_path / "shop.py").write_text(REMEMBERS)
    (tmp_path / "served.py").write_text(REMEMBERS + REMEMBERS_SERVED)
    run = replayed(path)
    assert run.replay is not None
    assert [session.passed for session in run.replay.sessions] == [3, 3]


def test_contracts(tmp_path: Path) -> None:
    """By name, by path, alone in a file; with values of the environment that are never stored."""
    contract = {"name": "mine", "invariants": [{"type": "contains", "id": "monday", "value": "Monday"}]}
    (tmp_path / "c").mkdir()
    (tmp_path / "c/alone.yaml").write_text(json.dumps({"invariants": contract["invariants"]}))
    (tmp_path / "c/whole.yaml").write_text(json.dumps({"agent": "${NOT_SET}", "contract": contract}))
    named = [{**ANSWERS[0], "id": c, "contract": c} for c in ("mine", "c/alone.yaml", "c/whole.yaml")]
    run = replayed(write(tmp_path, named, contract=contract))
    assert run.replay is not None
    assert [(s.terms.rules, s.status.value) for s in run.replay.sessions] == [(("monday",), "passed")] * 3


@pytest.mark.slow
def test_one_run_with_everything(tmp_path: Path) -> None:
    """Mutations and sessions share a run, and each has its own score."""
    config = load_config(write(tmp_path, ANSWERS[:1]))
    run = run_async(Execution(config, Wishes(replays=Replays.wanted(config, only=False))).run())
    assert run.scores.robustness is not None
    assert run.scores.replay is not None
    assert run.scores.overall is not None
    weighted = (0.2 * run.scores.robustness.value + 0.1 * run.scores.replay.value) / 0.3
    assert run.scores.overall.value == pytest.approx(weighted)
    assert [row.text for row in run.by_prompt] == ["When?"]


def program(*words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """``flakestorm`` with these words."""
    return subprocess.run(
        [sys.executable, "-m", "flakestorm", *words],
        capture_output=True,
        text=True,
        timeout=WITHIN_S,
        check=False,
        env={**os.environ, **variables},
    )


@pytest.mark.slow
def test_from_a_failure_to_a_session_and_back(tmp_path: Path) -> None:
    """What failed is exported, runs as it is, fails again, and passes when the agent is mended."""
    write(tmp_path, ANSWERS[:2])
    done = program("replay", "run", "-o", "r.json", "-o", "r.html", "-o", "r.junit.xml", "-o", "r.md")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "goes wrong" in done.stdout
    report = json.loads((tmp_path / "r.json").read_text())
    assert not list(Draft202012Validator(report_schema()).iter_errors(report))
    assert [session["status"] for session in report["replay"]["sessions"]] == ["failed", "failed"]
    assert 'id="replay"' in (tmp_path / "r.html").read_text()
    assert (tmp_path / "r.junit.xml").read_text().count("<failure") == 2
    assert "| `s0` | failed | 0 of 1 |" in (tmp_path / "r.md").read_text()
    exported = program("replay", "export", "--from-report", "r.json", "-o", "kept")
    assert exported.returncode == 0, exported.stderr
    assert "2 sessions written to kept" in exported.stdout
    assert "there already" in program("replay", "export", "--from-report", "latest", "-o", "kept").stdout
    again = program("replay", "run", "kept", "-o", "terminal")
    assert again.returncode == 1, again.stdout + again.stderr
    (tmp_path / "shop.py").write_text(
        IN_PYTHON.replace("It arrives on", "Friday or").replace("sorry", "Friday")
    )
    mended = program("replay", "run", "kept", "-o", "terminal", "--repeats", "2")
    assert mended.returncode == 0, mended.stdout + mended.stderr
    only = program("replay", "run", "kept", "-o", "terminal", "--only", "failed")
    assert only.returncode == 2
    assert "has no failed trial" in only.stderr


@pytest.mark.slow
def test_fetched_and_saved(tmp_path: Path, langsmith: Any) -> None:
    """What LangSmith has is shown, saved without secrets, and replayed."""
    write(tmp_path, [])
    key = langsmith.key
    root = langsmith.add_run(error=f"leaked {key}", inputs={"input": f"When? ({key})"})
    langsmith.add_tool(root, "lookup", outputs={"output": {"arrives": "Friday"}})
    variables = {"LANGSMITH_API_KEY": key, "LANGSMITH_ENDPOINT": langsmith.url}
    project = ("replay", "run", "--from-langsmith-project", "shop")
    shown = program(*project, **variables)
    assert shown.returncode == 0, shown.stderr
    assert "1 sessions. -o FOLDER saves them" in shown.stdout
    saved = program(*project, "-o", "s", **variables)
    assert saved.returncode == 0, saved.stderr
    (file,) = (tmp_path / "s").iterdir()
    assert key not in file.read_text() + shown.stdout
    ran = program("replay", "run", "--from-langsmith", root["id"], "--run", "-o", "terminal", **variables)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert program("replay", "run", "s", "-o", "terminal").returncode == 0
    refused = program(*project, LANGSMITH_API_KEY="lsv2-wrong", LANGSMITH_ENDPOINT=langsmith.url)
    assert (refused.returncode, "is refused (401)" in refused.stderr) == (3, True)
    assert "Traceback" not in refused.stderr


def test_bad_words(tmp_path: Path) -> None:
    """Each mistake on the command line is one message."""
    write(tmp_path, [])
    for words, message in (
        (("run",), "no recorded sessions"),
        (("run", "x.yaml", "--from-langsmith", "y"), "give one of them"),
        (("run", "--from-langsmith", "x", "--from-langsmith-project", "y"), "give one"),
        (("import", "--from", "otel", "-o", "x"), "reads a file"),
        (("import", "nope.json", "--from", "otel", "-o", "x"), "cannot be read"),
        (("export", "--from-report", "nope.json", "-o", "x"), "cannot be read"),
    ):
        done = program("replay", *words, LANGSMITH_API_KEY="")
        assert (done.returncode, message in done.stderr) == (2, True), done.stderr
