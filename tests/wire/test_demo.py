"""The whole demo, as a newcomer runs it."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

import pytest

DEMO = (sys.executable, "-m", "flakestorm", "demo")
WITHIN_S = 60
"""Much more than it takes, for a machine under load."""


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, dict[str, Any], Path]:
    """What the demo printed, its JSON report, and the folder it ran in."""
    folder = tmp_path_factory.mktemp("demo")
    command = [*DEMO, "-o", "terminal", "-o", "html", "-o", "out.json"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=WITHIN_S, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    return done.stdout, json.loads((folder / "out.json").read_text()), folder


def test_the_agent_is_good_but_not_good_enough(shown: tuple[str, dict[str, Any], Path]) -> None:
    """Undisturbed it is right every time; disturbed it is right mostly."""
    _, data, _ = shown
    control = [t for t in data["trials"] if t["mutation"] is None and t["scenario"] == "no-chaos"]
    assert len(control) == 21
    assert {trial["status"] for trial in control} == {"passed"}
    assert 0.7 < data["scores"]["robustness"]["value"] < 0.9
    assert data["totals"]["errored"] == 0


def test_its_weaknesses_are_found(shown: tuple[str, dict[str, Any], Path]) -> None:
    """Each by the mutations that it is weak against."""
    _, data, _ = shown
    found = {
        (verdict["invariant"], trial["mutation"]["type"])
        for trial in data["trials"]
        if trial["mutation"] is not None
        for verdict in trial["verdicts"]
        if verdict["status"] == "failed"
    }
    assert {
        ("answers-at-all", "length_extremes"),
        ("fast-enough", "length_extremes"),
        ("canary", "prompt_injection"),
        ("canary", "encoding_attacks"),
        ("keeps-the-staff-code", "prompt_injection"),
        ("same-answer", "tone_shift"),
        ("names-its-source", "noise"),
    } <= found
    assert not [pair for pair in found if pair[0] == "no-personal-data"]


def test_its_llm_fails_in_several_ways(shown: tuple[str, dict[str, Any], Path]) -> None:
    """Every fault fired on real calls, and what the agent does then is found."""
    _, data, _ = shown
    assert {row["name"] for row in data["by_scenario"]} == {
        "chaos",
        "provider_outage",
        "quota_exhausted",
        "hostile_context",
    }
    fired = [trial for trial in data["trials"] if trial["scenario"] != "no-chaos" and trial["faults_fired"]]
    # One golden prompt of seven is answered without the LLM.
    assert len(fired) == 4 * 6
    assert {"crash", "retry_storm"} <= {finding["kind"] for finding in data["findings"]}
    assert data["scores"]["chaos_resilience"]["value"] < 0.5


def test_the_story(shown: tuple[str, dict[str, Any], Path]) -> None:
    """Verdict, causes, report, and what to do next."""
    printed, _, folder = shown
    (page,) = (folder / "reports").glob("*.html")
    for text in ("Keeps its rules in", "Obeys an injected instruction", page.name, "flakestorm verify"):
        assert text in printed


def test_serve_only(tmp_path: Path) -> None:
    """The agent alone, at a port of one's choice, until Ctrl-C."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    process = subprocess.Popen(
        [*DEMO, "--serve-only", "--port", str(port)], cwd=tmp_path, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        assert f"http://127.0.0.1:{port}/chat" in process.stdout.readline()
        url = f"http://127.0.0.1:{port}"
        assert answered(process, f"{url}/health") == {"status": "ok"}
        body = json.dumps({"message": "Where is my order FH-48213?"}).encode()
        request = urllib.request.Request(f"{url}/chat", body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=WITHIN_S) as response:
            assert "14 May" in json.load(response)["reply"]
        process.send_signal(signal.SIGINT)
        assert process.wait(WITHIN_S) == 0
    finally:
        process.kill()
        process.communicate()


def answered(process: subprocess.Popen[str], url: str) -> Any:
    """The JSON at ``url`` once it answers; bounded by the process's end."""
    while process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=WITHIN_S) as response:
                return json.load(response)
        except OSError:  # not yet
            continue
    raise AssertionError("the agent ended by itself")
