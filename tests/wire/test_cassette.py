"""Cassettes on the wire: real agents are recorded, the model is stopped, and the runs are repeated."""

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
from openai import OpenAI, AsyncOpenAI
import flakestorm

STREAM = os.environ.get("STREAM") == "1"
TOOLS = [{"type": "function", "function": {"name": "policy", "parameters": {"type": "object"}}}]

@flakestorm.tool
def policy(topic):
    """What the shop promises; counts how often it is really asked."""
    with open("asked.txt", "a") as file:
        file.write(topic + "\\n")
    if topic == "unknown":
        raise KeyError("no such topic")
    return {"answer": "Refunds take 5 days", "topic": topic, "api_key": os.environ.get("SHOP_TOKEN", "none")}

def said(client, messages):
    if not STREAM:
        return client.chat.completions.create(model="small", messages=messages, tools=TOOLS).choices[0].message
    text, calls = "", []
    with client.chat.completions.create(model="small", messages=messages, tools=TOOLS, stream=True) as stream:
        for chunk in stream:
            if not chunk.choices:
                continue
            delta = chunk.choices[0].delta
            text += delta.content or ""
            for call in delta.tool_calls or ():
                if call.id:
                    calls.append({"id": call.id, "type": "function",
                                  "function": {"name": call.function.name, "arguments": ""}})
                calls[-1]["function"]["arguments"] += call.function.arguments or ""
    class Message:
        content, tool_calls = text, calls
    return Message

def reply(prompt):
    client = OpenAI(base_url=os.environ.get("OPENAI_BASE_URL") or os.environ["LLM_URL"], max_retries=0)
    messages = [{"role": "user", "content": prompt}]
    for _ in range(3):
        message = said(client, messages)
        if not message.tool_calls:
            return message.content
        calls = [call if isinstance(call, dict) else call.model_dump() for call in message.tool_calls]
        messages.append({"role": "assistant", "content": message.content or "", "tool_calls": calls})
        for call in calls:
            try:
                result = json.dumps(policy(**json.loads(call["function"]["arguments"])))
            except KeyError as error:
                result = f"error: {error}"
            messages.append({"role": "tool", "tool_call_id": call["id"], "content": result})
    return "?"

if __name__ == "__main__":
    from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200); self.send_header("content-length", "0"); self.end_headers()
        def do_POST(self):
            asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
            body = json.dumps({"reply": reply(asked["input"])}).encode()
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
        def log_message(self, *_):
            pass
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
'''

RUN = """
version: "2.0"
golden_prompts: ["How do I get a refund?", "A refund, or unknown?"]
mutations: {{count: 2, types: [noise]}}
invariants: [{{type: contains, value: "I found"}}]
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

KEY = "sk-planted0123456789abcdefghij"
TOKEN = "shop-token-98765"


@pytest.fixture
async def llm() -> AsyncIterator[ScriptedLLM]:
    """A model that asks the tool and passes its result on."""
    rules = [
        Rule("unknown", Reply(tool_calls=(ToolCall("policy", {"topic": "unknown"}),)), "I found {result}"),
        Rule("refund", Reply(tool_calls=(ToolCall("policy", {"topic": "refund"}),)), "I found {result}"),
    ]
    async with ScriptedLLM(rules) as served:
        yield served


async def flakestorm(folder: Path, *arguments: str, **more: str) -> tuple[int | None, str, dict[str, Any]]:
    """The exit code, the output and the JSON report of the program, run in ``folder``."""
    environment = {**os.environ, "NO_COLOR": "1", **more}
    for name in ("OPENAI_BASE_URL", "HTTP_PROXY", "http_proxy", *({"OPENAI_API_KEY"} - more.keys())):
        environment.pop(name, None)
    (folder / "reports/result.json").unlink(missing_ok=True)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "flakestorm", *arguments),
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    report = folder / "reports/result.json"
    told = json.loads(report.read_text("utf-8")) if report.exists() else {}
    return process.returncode, said.decode("utf-8"), told


def project(folder: Path, llm: ScriptedLLM, kind: str, faults: str = "  {}") -> None:
    """An agent with its configuration in ``folder``."""
    (folder / "agent.py").write_text(AGENT, "utf-8")
    agent = kind.format(python=sys.executable, llm=llm.openai_url)
    agent = agent if kind is SERVED and faults == "  {}" else agent + faults
    (folder / "flakestorm.yaml").write_text(RUN.format(more=agent), "utf-8")


def asked(folder: Path) -> int:
    """How often the tool was really called."""
    return len((folder / "asked.txt").read_text().splitlines())


def replies(report: dict[str, Any]) -> dict[str, str]:
    """The reply of each trial."""
    return {trial["id"]: trial["reply"] for trial in report["trials"]}


@pytest.mark.parametrize("stream", ["0", "1"])
@pytest.mark.parametrize("kind", [SERVED, IN_PROCESS], ids=["served", "in-process"])
async def test_a_run_is_repeated_without_model_or_key(
    tmp_path: Path, llm: ScriptedLLM, kind: str, stream: str
) -> None:
    """Recorded once by a run, played by the next: the same replies, and nobody is called."""
    project(tmp_path, llm, kind)
    live = {"OPENAI_API_KEY": KEY, "LLM_URL": llm.openai_url, "STREAM": stream, "SHOP_TOKEN": TOKEN}
    code, said, first = await flakestorm(tmp_path, "run", "--cassette", "tape.jsonl", "-q", **live)
    assert code == 0, said
    assert first["run"]["cassette"] == ""
    tape = (tmp_path / "tape.jsonl").read_text("utf-8")
    assert KEY not in tape
    assert TOKEN not in tape
    llm_calls, tool_calls = len(llm.requests), asked(tmp_path)
    dead = {"LLM_URL": "http://127.0.0.1:9/v1", "STREAM": stream}
    code, said, again = await flakestorm(tmp_path, "run", "--cassette", "tape.jsonl", "-q", **dead)
    assert code == 0, said
    assert len(llm.requests) == llm_calls
    played_tools = kind is IN_PROCESS
    assert asked(tmp_path) == (tool_calls if played_tools else 2 * tool_calls)
    assert len(again["run"]["cassette"]) == 12
    assert any("Played from the cassette tape.jsonl" in note for note in again["run"]["notes"])
    assert replies(again).keys() == replies(first).keys()
    assert again["totals"] == first["totals"]
    for trial, reply in replies(again).items():
        assert reply.replace("[redacted]", "").replace("none", "")[:30] == replies(first)[trial][:30]
