"""``flakestorm explore`` on real agents: it finds the weak spots that were planted, and nothing else."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from flakestorm.model.fault_point import points_in
from flakestorm.testing import Reply, Rule, ScriptedLLM, ToolCall

pytestmark = pytest.mark.slow

AGENT = '''
import asyncio, json, os, sys
import aiohttp
from aiohttp import web

PATIENCE_S = 3

async def policy(topic):
    """What the shop promises."""
    return {"answer": "Refunds take 5 days"}

async def ask(session, messages, second):
    """The model's message, or None where it says nothing useful."""
    url = os.environ.get("OPENAI_BASE_URL", os.environ["LLM_URL"]) + "/chat/completions"
    body = {"model": "small", "messages": messages, "tools": [
        {"type": "function", "function": {"name": "policy", "parameters": {"type": "object"}}}]}
    for attempt in range(2):
        try:
            async with session.post(url, json=body, timeout=aiohttp.ClientTimeout(PATIENCE_S)) as answer:
                answer.raise_for_status()
                said = await answer.json()
        except Exception:
            continue
        choices = said.get("choices") if isinstance(said, dict) else None
        if second and choices == []:
            raise IndexError("WEAK: no choices in the second answer")
        return choices[0].get("message") if choices else None
    raise RuntimeError("WEAK: one more try, and no more")

async def reply(prompt):
    """The policy; whatever the model and the tool say, nothing else is told."""
    messages = [{"role": "user", "content": prompt}]
    async with aiohttp.ClientSession(trust_env=False) as session:
        said = await ask(session, messages, False)
        try:
            results = [
                {"role": "tool", "tool_call_id": call["id"], "content": json.dumps(
                    await asyncio.wait_for(policy(**json.loads(call["function"]["arguments"])), PATIENCE_S))}
                for call in said["tool_calls"]]
            messages += [said, *results]
        except Exception:
            pass
        await ask(session, messages, True)
    return "Refunds take 5 days."

async def chat(request):
    return web.json_response({"reply": await reply((await request.json())["input"])})

async def health(request):
    return web.Response()

if __name__ == "__main__":
    app = web.Application()
    app.add_routes([web.post("/chat", chat), web.get("/health", health)])
    web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), print=None)
'''

CONFIG = """
version: "2.0"
golden_prompts: ["How do I get a refund?"]
invariants: [{{type: contains, value: "5 days"}}]
output: {{format: json, filename_template: result}}
advanced: {{control_repeats: 1, concurrency: {concurrency}{more}}}
"""

IN_PROCESS = """
agent: {{type: python, endpoint: "agent.py:reply", timeout: 20000, tools: ["agent:policy"]}}
"""

SERVED = """
agent:
  endpoint: http://127.0.0.1:{{port}}/chat
  timeout: 20000
  serve:
    command: ["{python}", agent.py, "{{port}}"]
    ready: http://127.0.0.1:{{port}}/health
    replicas: 3
chaos:
  gateway: {{upstreams: {{openai: "{llm}"}}}}
"""

EMPTY = ("llm small #2: empty_choices",)
LOST = frozenset(
    (
        *("refused", "reset", "timeout", "slow_first_token", "bandwidth", "bad_chunk", "wrong_length"),
        *("rate_limit", "quota_exhausted", "server_error", "overloaded", "auth_error", "not_found"),
        *("context_length", "html_error", "malformed_json", "empty_body", "billed_but_lost"),
    )
)
"""What the agent tries again, once."""


@pytest.fixture
async def llm() -> AsyncIterator[ScriptedLLM]:
    """A model that asks the tool and passes its result on."""
    rules = [Rule("refund", Reply(tool_calls=(ToolCall("policy", {"topic": "refund"}),)), "I found {result}")]
    async with ScriptedLLM(rules) as served:
        yield served


async def flakestorm(folder: Path, llm: ScriptedLLM, *arguments: str) -> Any:
    """The exit code, the output and the JSON report of the program, run in ``folder``."""
    environment = {**os.environ, "NO_COLOR": "1", "LLM_URL": llm.openai_url}
    for name in ("OPENAI_BASE_URL", "HTTP_PROXY", "http_proxy"):
        environment.pop(name, None)
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "flakestorm",
        *arguments,
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    report = folder / "reports/result.json"
    told = json.loads(report.read_text("utf-8")) if report.exists() else {}
    return process.returncode, said.decode("utf-8"), told


def project(folder: Path, llm: ScriptedLLM, kind: str, concurrency: int = 10, more: str = "") -> Path:
    """An agent with its configuration in ``folder``."""
    folder.mkdir(exist_ok=True)
    (folder / "agent.py").write_text(AGENT, "utf-8")
    agent = kind.format(python=sys.executable, llm=llm.openai_url)
    config = CONFIG.format(concurrency=concurrency, more=more) + agent
    (folder / "flakestorm.yaml").write_text(config, "utf-8")
    return folder


def is_planted(points: tuple[str, ...]) -> bool:
    """Whether a failing set is one of the two weak spots in some form."""
    found = [point for name in points for point in points_in(name)]
    if len(found) == 1 and found[0].fault == "empty_choices":
        return str(found[0].position) in ("llm small #2", "llm small, every call")
    if len(found) == 1:
        return found[0].position.number is None and found[0].mode in LOST
    first, second = found
    in_a_row = second.position.number == (first.position.number or 0) + 1
    return in_a_row and {first.mode, second.mode} <= LOST and first.position.kind == "llm"


@pytest.mark.parametrize("kind", [IN_PROCESS, SERVED])
async def test_it_finds_what_was_planted(tmp_path: Path, llm: ScriptedLLM, kind: str) -> None:
    """A crash at one call under one fault, and a pair that one retry does not survive; nothing else fails."""
    project(tmp_path, llm, kind)
    code, said, report = await flakestorm(tmp_path, llm, "explore", "--budget", "260", "-q")
    assert code == 0, said
    found = report["fault_map"]
    failing = [tuple(one["points"]) for one in found["failing"]]
    assert EMPTY in failing
    pairs = [points for points in failing if len(points) == 2]
    assert any(points_in(first)[0].mode == points_in(second)[0].mode for first, second in pairs)
    assert [points for points in failing if not is_planted(points)] == []
    assert max(one["tries"] for one in found["failing"] if len(one["points"]) == 2) == 3
    assert all(one["tries"] == one["failed"] for one in found["failing"])
    calls = {cell["call"] for cell in found["cells"]}
    assert {"llm small #1", "llm small #2", "llm small, every call"} <= calls
    assert ("tool policy #1" in calls) == (kind == IN_PROCESS)
    crash = next(group for group in found["groups"] if EMPTY[0] in group["scenarios"])
    assert crash["title"] == "Crashes when its environment fails"
    assert crash["calls"][-1]["fired"] == ["empty_choices"]
    assert report["run"]["strategy"] == "explore"
    assert report["scores"]["overall"] is None
    assert len(report["trials"]) <= 260


def summary(report: dict[str, Any]) -> tuple[Any, Any]:
    """What must not depend on how the exploration went: the trials, what fired in them, and the map."""
    trials = {
        trial["id"]: (trial["scenario"], trial["status"], [call["fired"] for call in trial["calls"]])
        for trial in report["trials"]
    }
    cells = [
        (cell["call"], cell["fault"], cell["state"], cell["trials"]) for cell in report["fault_map"]["cells"]
    ]
    failing = [(one["points"], one["trials"]) for one in report["fault_map"]["failing"]]
    return trials, (cells, failing)


async def test_concurrency_and_interruption_change_nothing(tmp_path: Path, llm: ScriptedLLM) -> None:
    """One at a time, twenty at once, and broken off twice: the same trials, and the same map."""
    seen = []
    for concurrency in (1, 20):
        folder = project(tmp_path / str(concurrency), llm, SERVED, concurrency)
        code, said, report = await flakestorm(folder, llm, "explore", "--budget", "60", "-q")
        assert code == 0, said
        assert len(report["trials"]) == 60
        seen.append(summary(report))
    folder = project(tmp_path / "parts", llm, SERVED, more=", max_calls: 25")
    code, said, report = await flakestorm(folder, llm, "explore", "--budget", "60", "-q")
    assert (code, len(report["trials"])) == (4, 25), said
    code, said, report = await flakestorm(folder, llm, "run", "--resume", "-q")
    assert (code, len(report["trials"])) == (4, 50), said
    code, said, report = await flakestorm(folder, llm, "explore", "--resume", "-q")
    assert (code, len(report["trials"])) == (0, 60), said
    assert summary(report) == seen[0]
    assert seen[0] == seen[1]


async def test_a_failing_set_can_be_run_again(tmp_path: Path, llm: ScriptedLLM) -> None:
    """The command that the report prints runs the same trial under the same faults."""
    project(tmp_path, llm, IN_PROCESS)
    _, said, report = await flakestorm(tmp_path, llm, "explore", "--budget", "110")
    failing = next(one for one in report["fault_map"]["failing"] if tuple(one["points"]) == EMPTY)
    assert f"--only trial:{report['fault_map']['groups'][0]['trials'][0]}" in said
    assert "What each fault does" in said
    _, said, again = await flakestorm(tmp_path, llm, "run", "--only", f"trial:{failing['trials'][0]}", "-q")
    (trial,) = [trial for trial in again["trials"] if trial["scenario"] != "no-chaos"]
    assert (trial["id"], trial["scenario"]) == (failing["trials"][0], EMPTY[0]), said
    assert trial["calls"][-1]["fired"] == ["empty_choices"]
    _, said, again = await flakestorm(tmp_path, llm, "run", "--only", "errored", "-q")
    assert {trial["scenario"] for trial in again["trials"]} == {"no-chaos", EMPTY[0]}, said


async def test_what_makes_no_sense(tmp_path: Path, llm: ScriptedLLM) -> None:
    """Each refusal says what to do instead."""
    project(tmp_path, llm, IN_PROCESS)
    for arguments, expected in (
        (("--budget", "1"), "leaves nothing to explore with"),
        (("20261231",), "a run is only named with --resume"),
        (("--resume", "--budget", "9"), "leave --budget away"),
    ):
        code, said, _ = await flakestorm(tmp_path, llm, "explore", *arguments)
        assert (code, expected in said) == (2, True), said
    await flakestorm(tmp_path, llm, "run", "--chaos-only", "--chaos-profile", "api_outage", "-q")
    code, said, _ = await flakestorm(tmp_path, llm, "explore", "--resume")
    assert (code, "is no exploration" in said) == (2, True), said


BLOCKING = '''
import time

def policy(topic):
    """A tool that blocks."""
    return {"answer": "Refunds take 5 days"}

async def reply(prompt):
    try:
        policy("refund")
    except Exception:
        pass
    return "Refunds take 5 days."
'''


async def test_an_agent_that_blocks_is_asked_one_at_a_time(tmp_path: Path, llm: ScriptedLLM) -> None:
    """Else each trial would wait for what another one's tool waits for, and fail for it."""
    project(tmp_path, llm, IN_PROCESS)
    (tmp_path / "agent.py").write_text(BLOCKING, "utf-8")
    config = tmp_path / "flakestorm.yaml"
    config.write_text(config.read_text("utf-8").replace("timeout: 20000", "timeout: 2500"), "utf-8")
    _, said, report = await flakestorm(tmp_path, llm, "explore", "--budget", "60", "-q")
    assert "agent_blocks_loop" in {finding["kind"] for finding in report["findings"]}, said
    failing = {name for one in report["fault_map"]["failing"] for name in one["points"]}
    assert failing == {"tool policy #1: timeout"}
