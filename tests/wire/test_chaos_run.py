"""``run --chaos``: faults on the real calls of real agents, proved by what the runs report."""

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

from flakestorm.testing import Reply, Rule, ScriptedLLM, ToolCall

AGENT = '''
import json, os, sys
import aiohttp
from aiohttp import web

RETRIES = int(os.environ.get("RETRIES", "1"))

def policy(topic):
    """What the shop promises."""
    return {"answer": "Refunds take 5 days", "topic": topic}

async def ask(messages):
    url = os.environ.get("OPENAI_BASE_URL", os.environ["LLM_URL"]) + "/chat/completions"
    body = {"model": "small", "messages": messages, "tools": [
        {"type": "function", "function": {"name": "policy", "parameters": {"type": "object"}}}]}
    async with aiohttp.ClientSession(trust_env=False) as session:
        for attempt in range(RETRIES + 1):
            async with session.post(url, json=body) as answer:
                if answer.status == 200:
                    return (await answer.json())["choices"][0]["message"]
    raise RuntimeError(f"the model answered {answer.status}")

async def reply(prompt):
    messages = [{"role": "user", "content": prompt}]
    for _ in range(3):
        said = await ask(messages)
        if not said.get("tool_calls"):
            return said["content"]
        messages.append(said)
        for call in said["tool_calls"]:
            result = policy(**json.loads(call["function"]["arguments"]))
            messages.append({"role": "tool", "tool_call_id": call["id"], "content": json.dumps(result)})
    return "?"

async def chat(request):
    return web.json_response({"reply": await reply((await request.json())["input"])})

async def health(request):
    return web.Response()

if __name__ == "__main__":
    app = web.Application()
    app.add_routes([web.post("/chat", chat), web.get("/health", health)])
    web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), print=None)
'''

RUN = """
version: "2.0"
golden_prompts: ["How do I get a refund?", "What about my refund for order 12?"]
mutations: {{count: 2, types: [noise]}}
invariants: [{{type: contains, value: "5 days"}}]
output: {{format: json, filename_template: result}}
advanced: {{control_repeats: 1, shrink_budget: 0, concurrency: 4}}
{more}
"""

SERVED = """
agent:
  endpoint: http://127.0.0.1:{{port}}/chat
  timeout: 10000
  serve:
    command: ["{python}", agent.py, "{{port}}"]
    ready: http://127.0.0.1:{{port}}/health
    replicas: 2
chaos:
  gateway: {{upstreams: {{openai: "{llm}"}}}}
"""

IN_PROCESS = """
agent: {{type: python, endpoint: "agent.py:reply", timeout: 10000, tools: ["agent:policy"]}}
chaos:
"""


@pytest.fixture
async def llm() -> AsyncIterator[ScriptedLLM]:
    """A model that asks the tool and passes its result on."""
    rules = [Rule("refund", Reply(tool_calls=(ToolCall("policy", {"topic": "refund"}),)), "I found {result}")]
    async with ScriptedLLM(rules) as served:
        yield served


async def flakestorm(folder: Path, llm: ScriptedLLM, *arguments: str, **more: str) -> Any:
    """The exit code, the output and the JSON report of the program, run in ``folder``."""
    environment = {**os.environ, "NO_COLOR": "1", "LLM_URL": llm.openai_url, **more}
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


def project(folder: Path, llm: ScriptedLLM, kind: str, faults: str) -> Path:
    """An agent with its configuration in ``folder``."""
    (folder / "agent.py").write_text(AGENT, "utf-8")
    agent = kind.format(python=sys.executable, llm=llm.openai_url)
    (folder / "flakestorm.yaml").write_text(RUN.format(more=agent + faults), "utf-8")
    return folder


def under_faults(report: dict[str, Any]) -> list[dict[str, Any]]:
    """The trials of scenarios."""
    return [trial for trial in report["trials"] if trial["scenario"] != "no-chaos"]


@pytest.mark.parametrize("kind", [SERVED, IN_PROCESS])
async def test_a_fault_fires_on_the_real_call(tmp_path: Path, llm: ScriptedLLM, kind: str) -> None:
    """The agent tries again after one failure: it passes, and the trace shows the fault and the retry."""
    project(tmp_path, llm, kind, "  llm_faults: [{mode: server_error, on_calls: [1]}]\n")
    code, said, report = await flakestorm(tmp_path, llm, "run", "--chaos-only", "-q")
    assert code == 0, said
    trials = under_faults(report)
    assert len(trials) == 2
    for trial in trials:
        assert trial["status"] == "passed"
        assert trial["faults_fired"] == 1
        calls = [call for call in trial["calls"] if call["kind"] == "llm"]
        assert [call["status"] for call in calls] == [500, 200, 200]
        assert calls[0]["fired"] == ["server_error"]
        assert calls[0]["sent"] == calls[1]["sent"]
    assert report["scores"]["chaos_resilience"]["value"] == 1.0
    assert report["scores"]["robustness"] is None
    assert all(trial["calls"] for trial in report["trials"]), "the control arm's calls are seen as well"


@pytest.mark.parametrize("kind", [SERVED, IN_PROCESS])
async def test_an_agent_without_retries_fails(tmp_path: Path, llm: ScriptedLLM, kind: str) -> None:
    """What the fault breaks is counted, and the crash is a finding with its calls."""
    faults = "  llm_faults: [{mode: overloaded}]\n"
    config = project(tmp_path, llm, kind, faults) / "flakestorm.yaml"
    rule = 'invariants: [{type: contains, value: "5 days"}]'
    config.write_text(config.read_text().replace(rule, "invariants: [{type: completes}]"))
    code, said, report = await flakestorm(tmp_path, llm, "run", "--chaos-only", "-q", RETRIES="0")
    assert [trial["status"] for trial in under_faults(report)] == ["failed", "failed"], said
    assert report["scores"]["chaos_resilience"]["value"] == 0.0
    assert "crash" in {finding["kind"] for finding in report["findings"]}
    assert code == 0, "no score was demanded"


async def test_an_address_of_its_own_is_no_way_round(tmp_path: Path, llm: ScriptedLLM) -> None:
    """A base URL in ``serve.env`` is where the gateway sends calls on to; the agent calls the gateway."""
    named = SERVED.replace('chaos:\n  gateway: {{upstreams: {{openai: "{llm}"}}}}\n', "chaos:\n").replace(
        "    replicas: 2\n", '    replicas: 2\n    env: {{OPENAI_BASE_URL: "{llm}"}}\n'
    )
    assert named.count("{llm}") == 1
    project(tmp_path, llm, named, "  llm_faults: [{mode: server_error, on_calls: [1]}]\n")
    code, said, report = await flakestorm(tmp_path, llm, "run", "--chaos-only", "-q")
    assert code == 0, said
    assert [trial["faults_fired"] for trial in under_faults(report)] == [1, 1]


async def test_a_tool_that_is_a_function(tmp_path: Path, llm: ScriptedLLM) -> None:
    """An instruction in the tool's result that comes back in the reply is found."""
    faults = '  tool_faults: [{tool: "pol*", mode: malicious_response}]\n'
    project(tmp_path, llm, IN_PROCESS, faults)
    _, said, report = await flakestorm(tmp_path, llm, "run", "--chaos-only", "-q")
    assert all(trial["faults_fired"] for trial in under_faults(report)), said
    found = {finding["kind"]: finding for finding in report["findings"]}
    assert found["injection_obeyed"]["severity"] == "critical"


async def test_faults_that_nothing_can_reach(tmp_path: Path, llm: ScriptedLLM) -> None:
    """A scenario in which nothing fired proves nothing: exit code 4, and the way to route the calls."""
    project(tmp_path, llm, SERVED, "  tool_faults: [{tool: shop, mode: error}]\n")
    code, said, report = await flakestorm(tmp_path, llm, "run", "--chaos-only", "-q")
    assert code == 4, said
    assert {trial["status"] for trial in under_faults(report)} == {"inconclusive"}
    (finding,) = [finding for finding in report["findings"] if finding["kind"] == "unreachable"]
    assert "chaos.gateway.tools" in finding["detail"]


async def test_profiles_beside_mutations(tmp_path: Path, llm: ScriptedLLM) -> None:
    """``--chaos-profile`` alone turns chaos on; and mutations are run as ever."""
    project(tmp_path, llm, IN_PROCESS, "  gateway: {}\n")
    arguments = ("--chaos-profile", "provider_outage", "--chaos-profile", "slow_llm")
    _, said, report = await flakestorm(tmp_path, llm, "run", *arguments, "-q")
    assert {trial["scenario"] for trial in report["trials"]} == {"no-chaos", "provider_outage", "slow_llm"}, (
        said
    )
    assert sum(trial["mutation"] is not None for trial in report["trials"]) == 4
    assert report["scores"]["robustness"] is not None
    code, said, _ = await flakestorm(tmp_path, llm, "run", "--chaos-profile", "provder_outage")
    assert code == 2
    assert "provider_outage" in said


async def test_a_trial_under_faults_is_run_again(tmp_path: Path, llm: ScriptedLLM) -> None:
    """``--only`` takes the scenarios of the run that has the trial, with the control arm of its prompt."""
    project(tmp_path, llm, IN_PROCESS, "  llm_faults: [{mode: empty_choices}]\n")
    _, _, report = await flakestorm(tmp_path, llm, "run", "--chaos", "-q")
    first = under_faults(report)[0]
    _, said, again = await flakestorm(tmp_path, llm, "run", "--only", f"trial:{first['id']}", "-q")
    assert [trial["id"] for trial in under_faults(again)] == [first["id"]], said
    assert under_faults(again)[0]["faults_fired"] == 1
    assert {trial["prompt"] for trial in again["trials"]} == {first["prompt"]}
    assert len(again["trials"]) == 2


async def test_the_seed_decides_at_any_concurrency(tmp_path: Path, llm: ScriptedLLM) -> None:
    """Faults with a probability fire in the same calls at concurrency 1 and 50."""
    faults = "  llm_faults: [{mode: server_error, probability: 0.4}]\n"
    config = project(tmp_path, llm, IN_PROCESS, faults) / "flakestorm.yaml"
    text = config.read_text().replace("control_repeats: 1", "control_repeats: 1, repeats: 20")
    seen = []
    for concurrency in ("1", "50"):
        config.write_text(text.replace("concurrency: 4", f"concurrency: {concurrency}"))
        _, said, report = await flakestorm(tmp_path, llm, "run", "--chaos-only", "-q")
        assert under_faults(report), said
        seen.append(
            {trial["id"]: [call["fired"] for call in trial["calls"]] for trial in under_faults(report)}
        )
    assert seen[0] == seen[1]
    assert len({json.dumps(fired) for fired in seen[0].values()}) > 1
