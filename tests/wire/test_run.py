"""The main job through the command line, against a real HTTP agent in another process."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

AGENT = '''
import sys
from aiohttp import web

async def answer(request):
    """Fails for prompts in capitals, obeys nothing, crashes on the empty prompt."""
    prompt = (await request.json())["input"]
    if not prompt.strip():
        return web.json_response({"output": "a plausible refund"}, status=500)
    return web.json_response({"output": "no idea" if prompt.isupper() else "your refund is on its way"})

async def ready(request):
    return web.Response()

app = web.Application(client_max_size=2**24)
app.router.add_post("/chat", answer)
app.router.add_get("/health", ready)
web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), print=None)
'''

CONFIG = """
version: "2.0"
agent:
  endpoint: "http://127.0.0.1:{port}/chat"
  serve: {command: [PYTHON, agent.py, "{port}"], ready: "http://127.0.0.1:{port}/health"}
golden_prompts:
  - "How do I get a refund for order 4512?"
  - "My refund has not arrived, where is it?"
mutations: {count: 150, types: [noise, length_extremes, tone_shift]}
invariants:
  - {type: contains, value: refund}
output: {format: json, filename_template: result}
advanced: {error_budget: 0.5}
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with the agent and its configuration."""
    (tmp_path / "agent.py").write_text(AGENT)
    (tmp_path / "flakestorm.yaml").write_text(CONFIG.replace("PYTHON", sys.executable))
    return tmp_path


def flakestorm(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the program in ``folder``."""
    return subprocess.run(
        [sys.executable, "-m", "flakestorm", *arguments],
        cwd=folder,
        env={**os.environ, "NO_COLOR": "1", **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def report(folder: Path) -> dict[str, Any]:
    """The JSON report that the last run wrote."""
    data: dict[str, Any] = json.loads((folder / "reports/result.json").read_text())
    return data


def comparable(folder: Path) -> list[tuple[object, ...]]:
    """What must not depend on how often the run was interrupted."""
    return sorted(
        (t["id"], t["status"], t["reply"], [(v["invariant"], v["status"]) for v in t["verdicts"]])
        for t in report(folder)["trials"]
    )


def expected_status(trial: dict[str, Any]) -> str:
    """What the agent's source code says must come out."""
    text = trial["mutation"]["text"] if trial["mutation"] else trial["prompt"]
    if not text.strip():
        return "errored"
    kept = trial["mutation"] is None or trial["mutation"]["kind"] == "preserves_meaning"
    if not kept:
        return "skipped"
    return "failed" if text.isupper() else "passed"


def test_the_score_is_right(project: Path) -> None:
    """Every trial is judged as the agent's code demands, and the score is their weighted share."""
    done = flakestorm(project, "run")
    assert done.returncode == 0, done.stdout + done.stderr
    data = report(project)
    assert data["schema"] == "flakestorm-report/1"
    assert data["run"]["status"] == "complete"
    assert [t["status"] for t in data["trials"]] == [expected_status(t) for t in data["trials"]]
    weights = {"noise": 0.8, "tone_shift": 0.9, "length_extremes": 1.2}
    passed = judged = 0.0
    for trial in data["trials"]:
        if trial["mutation"] and trial["status"] in ("passed", "failed"):
            judged += weights[trial["mutation"]["type"]]
            passed += weights[trial["mutation"]["type"]] * (trial["status"] == "passed")
    assert data["scores"]["robustness"]["value"] == pytest.approx(passed / judged)
    assert 0 < passed < judged
    crashed = [t for t in data["trials"] if t["status"] == "errored"]
    assert crashed
    assert all(t["error"]["kind"] == "status" and t["http_status"] == 500 for t in crashed)
    assert all(t["reply"] is None for t in crashed), "a 500 with a plausible body is not a reply"
    assert "Keeps its rules in" in done.stdout
    assert "flakestorm run --only trial:" in done.stdout


def wait_for_trials(process: subprocess.Popen[bytes], folder: Path, count: int) -> Path:
    """Until ``count`` trials are on disk; bounded by the process's end."""
    while process.poll() is None:
        for path in (folder / ".flakestorm/runs").glob("*.db"):
            connection = sqlite3.connect(path)
            try:
                (stored,) = connection.execute("SELECT count(*) FROM trials").fetchone()
            except sqlite3.OperationalError:
                continue  # it is being created
            finally:
                connection.close()
            if stored >= count:
                return path
        os.sched_yield()
    raise AssertionError("the run ended before it could be killed")


@pytest.fixture
def slow_run(project: Path) -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
    """A run in a process of its own that takes a few seconds, and its folder."""
    config = project / "flakestorm.yaml"
    config.write_text(config.read_text().replace("0.5}", "0.5, rate_per_s: 150}"))
    process = subprocess.Popen(
        [sys.executable, "-m", "flakestorm", "run", "-q"], cwd=project, start_new_session=True
    )
    yield process, project
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def test_kill_and_resume_is_the_same_as_no_kill(slow_run: tuple[subprocess.Popen[bytes], Path]) -> None:
    """kill -9 in the middle, --resume, and every trial is there once, as in an undisturbed run."""
    process, project = slow_run
    wait_for_trials(process, project, 60)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    listed = flakestorm(project, "runs")
    assert "interrupted" in listed.stdout
    # What was not run could still fail, so that nobody may take it for a pass.
    assert flakestorm(project, "score").returncode == 4
    assert "PARTIAL, NO VERDICT  Partial, " in flakestorm(project, "report").stdout
    resumed = flakestorm(project, "run", "--resume")
    assert resumed.returncode == 0, resumed.stdout + resumed.stderr
    assert "of them done before" in resumed.stdout
    after_kill, score = comparable(project), report(project)["scores"]
    assert flakestorm(project, "run").returncode == 0
    assert after_kill == comparable(project)
    assert score == report(project)["scores"]
    assert len({identity for identity, *_ in after_kill}) == len(after_kill)


def test_ctrl_c_ends_cleanly(slow_run: tuple[subprocess.Popen[bytes], Path]) -> None:
    """Exit code 130, a partial report, and the agent's process is gone."""
    process, project = slow_run
    wait_for_trials(process, project, 30)
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=30) == 130
    data = report(project)
    assert data["run"]["status"] == "partial"
    assert data["totals"]["trials"] >= 30
    left = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    assert f"{project}/agent.py" not in left


def test_threshold_score_and_report(project: Path) -> None:
    """--min-score decides the exit code; score and report read the stored run again."""
    assert flakestorm(project, "run", "--min-score", "0.999", "-q").returncode == 1
    told = flakestorm(project, "score")
    value, low, high, judged = told.stdout.split()
    assert float(low) <= float(value) <= float(high)
    assert int(judged) == report(project)["scores"]["robustness"]["judged"]
    assert flakestorm(project, "score", "--min-score", "0.5").returncode == 0
    again = flakestorm(project, "report", "latest", "-o", "again.json", "-o", "terminal")
    assert again.returncode == 0, again.stderr
    assert json.loads((project / "again.json").read_text())["trials"] == report(project)["trials"]
    assert "Keeps its rules in" in again.stdout
    assert flakestorm(project, "score", "again.json", "--min-score", "0.999").returncode == 1
    assert flakestorm(project, "score", "again.json", "--min-score", "0.5").returncode == 0
    from_file = flakestorm(project, "report", "again.json", "-o", "page.html")
    assert from_file.returncode == 0, from_file.stderr
    assert (project / "page.html").stat().st_size > 10_000


def test_only_failed_repeats_just_those(project: Path) -> None:
    """And a single trial can be shown again by its id."""
    flakestorm(project, "run", "-q")
    failed = {t["id"] for t in report(project)["trials"] if t["status"] == "failed"}
    done = flakestorm(project, "run", "--only", "failed", "-q")
    assert done.returncode == 0, done.stderr
    assert {t["id"] for t in report(project)["trials"] if t["mutation"]} == failed


def test_verify(project: Path) -> None:
    """Says what is configured, that the agent answers, and what it answered."""
    done = flakestorm(project, "verify")
    assert done.returncode == 0, done.stderr
    assert "2 golden prompts" in done.stdout
    assert "your refund is on its way" in done.stdout


@pytest.mark.parametrize(
    ("change", "code", "said"),
    [
        (("/chat", "/nowhere"), 3, "404"),
        (("agent.py", "missing.py"), 3, "missing.py"),
        (("refund}", "refund, sevrity: high}"), 2, "did you mean 'severity'"),
        (("type: contains", "type: contain"), 2, "did you mean 'contains'"),
    ],
)
def test_a_wrong_setup_is_explained(project: Path, change: tuple[str, str], code: int, said: str) -> None:
    """One message, the documented exit code, no traceback."""
    config = project / "flakestorm.yaml"
    config.write_text(config.read_text().replace(*change))
    done = flakestorm(project, "run")
    assert done.returncode == code, done.stdout + done.stderr
    assert said in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_a_dead_agent_is_reported_at_once(project: Path) -> None:
    """Before anything is run or stored."""
    (project / "flakestorm.yaml").write_text(
        "agent: {endpoint: 'http://127.0.0.1:9/'}\ngolden_prompts: [hi]\ninvariants: [{type: completes}]\n"
    )
    done = flakestorm(project, "run")
    assert done.returncode == 3
    assert "127.0.0.1:9" in done.stderr
    assert not (project / ".flakestorm").exists()


def test_too_many_errors_are_no_verdict(project: Path) -> None:
    """Exit code 3, with the way to count the agent's own errors as failures."""
    config = project / "flakestorm.yaml"
    config.write_text(config.read_text().replace("error_budget: 0.5", "error_budget: 0.01"))
    done = flakestorm(project, "run")
    assert done.returncode == 3
    assert "type: completes" in done.stdout
    config.write_text(config.read_text().replace("invariants:", "invariants:\n  - {type: completes}"))
    judged = flakestorm(project, "run")
    assert judged.returncode == 0, judged.stdout
    assert "Does not complete when the prompt is empty (" in judged.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("--version",), 0, "flakestorm "),
        (("run", "-c", "nowhere.yaml"), 2, "nowhere.yaml"),
        (("run", "-o", "htlm"), 2, "did you mean 'html'"),
        (("report", "nonsense"), 2, "no runs"),
        (("mutations", "--type", "noize", "hi"), 2, "did you mean 'noise'"),
        (("mutations",), 2, "give a prompt"),
        (("schema", "config"), 0, '"golden_prompts"'),
        (("schema", "report"), 0, '"flakestorm-report/1"'),
        (("runs",), 0, "No runs yet"),
        (("frobnicate",), 2, "No such command"),
    ],
)
def test_commands_answer(project: Path, arguments: tuple[str, ...], code: int, said: str) -> None:
    """Each small command, right and wrong."""
    done = flakestorm(project, *arguments)
    assert done.returncode == code, done.stdout + done.stderr
    assert said in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_init_writes_a_file_that_loads(tmp_path: Path) -> None:
    """And does not replace one by accident."""
    assert flakestorm(tmp_path, "init").returncode == 0
    text = (tmp_path / "flakestorm.yaml").read_text()
    assert text.startswith("# yaml-language-server: $schema=")
    schema = text.split("\n")[0].partition("=")[2]
    assert json.loads((tmp_path / schema).read_text())["properties"]["golden_prompts"]
    again = flakestorm(tmp_path, "init")
    assert again.returncode == 2
    assert "--force" in again.stderr
    assert flakestorm(tmp_path, "init", "--force").returncode == 0
    assert "localhost:8000" in flakestorm(tmp_path, "verify").stderr


def test_doctor_names_what_is_wrong(project: Path) -> None:
    """Healthy: exit 0. With a foreign .flakestorm: exit 3 and the way out."""
    healthy = flakestorm(project, "doctor")
    assert healthy.returncode == 0, healthy.stdout
    assert "embedded model" in healthy.stdout
    (project / ".flakestorm").write_text("")
    ill = flakestorm(project, "doctor")
    assert ill.returncode == 3
    assert "FLAKESTORM_HOME" in ill.stdout


def test_mutations_show_what_changed(tmp_path: Path) -> None:
    """With the operator's name; the listing has every operator with its description."""
    shown = flakestorm(tmp_path, "mutations", "Where is my order?", "--type", "noise", "-n", "5")
    assert shown.stdout.count("noise.") == 5
    listed = flakestorm(tmp_path, "mutations", "--list")
    assert "noise.transpose" in listed.stdout


def test_hostile_replies_cannot_move_the_cursor(project: Path) -> None:
    """Escape sequences in a reply come out as text."""
    agent = project / "agent.py"
    agent.write_text(agent.read_text().replace('"no idea"', r'"\x1b[2J\x1b]0;owned\x07no \u202eidea"'))
    done = flakestorm(project, "run", FORCE_COLOR="1")
    assert "U+001B[2J" in done.stdout
    assert "\x1b[2J" not in done.stdout
    assert "\u202e" not in done.stdout
