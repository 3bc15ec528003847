"""Cassettes on the wire: real agents are recorded, the model is stopped, and the runs are repeated."""

from __future__ import annotations

import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
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
    if os.path.exists("kill") and len(open("asked.txt").readlines()) > 1:
        os.kill(os.getpid(), 9)
    if topic == "unknown":
        raise KeyError("no such topic")
    return {"answer": "Refunds take 5 days", "topic": topic, "api_key": os.environ.get("SHOP_TOKEN", "none")}

def said(client, messages):
    asked = {"model": "small", "messages": messages, "tools": TOOLS}
    if not STREAM:
        return client.chat.completions.create(**asked).choices[0].message
    text, calls = "", []
    with client.chat.completions.create(**asked, stream=True) as stream:
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

Program = Callable[..., Awaitable[tuple[int | None, str, dict[str, Any]]]]
KEY = "sk-planted0123456789abcdefghij"
TOKEN = "shop-token-98765"
DEAD = {"LLM_URL": "http://127.0.0.1:9/v1"}
"""Where no model is."""


@pytest.fixture
async def llm() -> AsyncIterator[ScriptedLLM]:
    """A model that asks the tool and passes its result on."""
    rules = [
        Rule("unknown", Reply(tool_calls=(ToolCall("policy", {"topic": "unknown"}),)), "I found {result}"),
        Rule("refund", Reply(tool_calls=(ToolCall("policy", {"topic": "refund"}),)), "I found {result}"),
    ]
    async with ScriptedLLM(rules) as served:
        yield served


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
    flakestorm: Program, tmp_path: Path, llm: ScriptedLLM, kind: str, stream: str
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
    dead = {**DEAD, "STREAM": stream}
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


async def test_recorded_calls_are_disturbed_all_the_same(
    flakestorm: Program, tmp_path: Path, llm: ScriptedLLM
) -> None:
    """``record`` keeps the golden prompts; ``chaos --cassette`` puts faults on what is played."""
    project(tmp_path, llm, IN_PROCESS, "  llm_faults: [{mode: slow_tokens, delay_ms: 1}]\n")
    live = {"OPENAI_API_KEY": KEY, "LLM_URL": llm.openai_url, "SHOP_TOKEN": TOKEN, "STREAM": "1"}
    code, said, _ = await flakestorm(tmp_path, "record", **live)
    assert code == 0, said
    assert "Recorded in cassette.jsonl: 6 calls (4 llm, 2 tool;" in said
    assert "Secrets were blotted out of" in said
    calls = len(llm.requests)
    dead = {**DEAD, "STREAM": "1"}
    code, said, report = await flakestorm(tmp_path, "chaos", "--cassette", "cassette.jsonl", "-q", **dead)
    assert code == 0, said
    assert len(llm.requests) == calls
    disturbed = [trial for trial in report["trials"] if trial["scenario"] != "no-chaos"]
    assert disturbed
    assert all(trial["status"] == "passed" and trial["faults_fired"] for trial in disturbed)


async def test_what_is_missing_is_errored_and_never_asked(
    flakestorm: Program, tmp_path: Path, llm: ScriptedLLM
) -> None:
    """A recording without mutations plays none: errored, not failed, with the nearest recording."""
    project(tmp_path, llm, IN_PROCESS)
    live = {"OPENAI_API_KEY": KEY, "LLM_URL": llm.openai_url}
    await flakestorm(tmp_path, "record", "-o", "tape.jsonl", **live)
    calls = len(llm.requests)
    run = ("run", "--cassette", "tape.jsonl", "-q")
    code, said, report = await flakestorm(tmp_path, *run, "--cassette-mode", "none", **live)
    assert code == 3, said
    assert len(llm.requests) == calls
    mutated = [trial for trial in report["trials"] if trial["mutation"] is not None]
    assert {trial["status"] for trial in mutated} == {"errored"}
    assert {trial["error"]["kind"] for trial in mutated} == {"unrecorded"}
    assert "Nearest: recorded is one with body.messages[0].content" in mutated[0]["error"]["message"]
    assert report["totals"]["failed"] == 0
    code, said, report = await flakestorm(tmp_path, *run, "--cassette-mode", "new", **live)
    assert code == 0, said
    assert len(llm.requests) > calls
    calls = len(llm.requests)
    code, said, report = await flakestorm(tmp_path, *run, "--cassette-mode", "none", **DEAD)
    assert code == 0, said
    assert len(llm.requests) == calls
    code, said, report = await flakestorm(tmp_path, *run, "--cassette-mode", "all", **live)
    assert code == 0, said
    assert len(llm.requests) > calls


async def test_the_cassette_of_another_agent_is_told(
    flakestorm: Program, tmp_path: Path, llm: ScriptedLLM
) -> None:
    """No call of the control arm is in it: the run ends there, and says what to do."""
    project(tmp_path, llm, IN_PROCESS)
    live = {"OPENAI_API_KEY": KEY, "LLM_URL": llm.openai_url}
    await flakestorm(tmp_path, "record", "-o", "tape.jsonl", **live)
    text = (tmp_path / "flakestorm.yaml").read_text("utf-8").replace("refund", "parcel")
    (tmp_path / "flakestorm.yaml").write_text(text, "utf-8")
    code, _, report = await flakestorm(tmp_path, "run", "--cassette", "tape.jsonl", "-q", **live)
    assert code == 3
    assert "none of the 2 calls of the control arm is in the cassette" in report["run"]["stop_reason"]


async def test_an_interrupted_run_goes_on_with_its_cassette_only(
    flakestorm: Program, tmp_path: Path, llm: ScriptedLLM
) -> None:
    """What a first part recorded is played and added to; without the cassette there is no second part."""
    project(tmp_path, llm, IN_PROCESS)
    live = {"OPENAI_API_KEY": KEY, "LLM_URL": llm.openai_url}
    path = tmp_path / "flakestorm.yaml"
    text = path.read_text("utf-8")
    path.write_text(text.replace("advanced: {", "advanced: {max_calls: 3, "), "utf-8")
    code, said, _ = await flakestorm(tmp_path, "run", "--cassette", "tape.jsonl", "-q", **live)
    assert code == 4, said
    lines = len((tmp_path / "tape.jsonl").read_text("utf-8").splitlines())
    path.write_text(text, "utf-8")
    code, said, _ = await flakestorm(tmp_path, "run", "--resume", "-q", **live)
    assert code == 2
    assert "go on with it by: --resume --cassette tape.jsonl" in said
    resume = ("run", "--resume", "--cassette", "tape.jsonl", "-q")
    code, said, report = await flakestorm(tmp_path, *resume, **live)
    assert code == 0, said
    assert report["run"]["status"] == "complete"
    assert len((tmp_path / "tape.jsonl").read_text("utf-8").splitlines()) > lines
    code, said, _ = await flakestorm(tmp_path, "run", "--cassette", "tape.jsonl", "-q", **DEAD)
    assert code == 0, said


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (("run", "--cassette"), 0),
        # Golden prompts alone have no score, so that there is no verdict either.
        (("record", "--output"), 4),
    ],
)
async def test_a_kill_loses_no_call(
    flakestorm: Program, tmp_path: Path, llm: ScriptedLLM, command: tuple[str, str], code: int
) -> None:
    """What was answered before it is not asked again when the run goes on, and lands in the cassette."""
    project(tmp_path, llm, IN_PROCESS)
    live = {"OPENAI_API_KEY": KEY, "LLM_URL": llm.openai_url, "SHOP_TOKEN": TOKEN}
    (tmp_path / "kill").touch()
    ended, said, _ = await flakestorm(tmp_path, *command, "tape.jsonl", "-q", **live)
    assert ended == -signal.SIGKILL, said
    assert not (tmp_path / "tape.jsonl").exists()
    part = tmp_path / "tape.jsonl.part"
    text = part.read_text("utf-8")
    assert KEY not in text
    assert TOKEN not in text
    made = len(text.splitlines()) - 1
    assert made >= 1
    # The kill may have come in the middle of a line.
    part.write_text(f'{text}{{"key": "a", "tri', "utf-8")
    (tmp_path / "kill").unlink()
    resume = ("run", "--resume", "--cassette", "tape.jsonl", "-q")
    ended, said, report = await flakestorm(tmp_path, *resume, **live)
    assert ended == code, said
    assert report["run"]["status"] == "complete"
    assert any(f"{made} calls for tape.jsonl are those" in note for note in report["run"]["notes"])
    assert not part.exists()
    if code == 0:
        ended, said, _ = await flakestorm(tmp_path, "run", "--cassette", "tape.jsonl", "-q", **DEAD)
        assert ended == 0, said


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "there is no cassette tape.jsonl to play. Record it with: flakestorm record -o tape.jsonl"),
        ("", "the cassette tape.jsonl is empty"),
        ("hello\n", "tape.jsonl is no cassette: its first line"),
        ('{"flakestorm_cassette": 9}\n', "has version 9, and this flakestorm reads version 1"),
        ('{"flakestorm_cassette": 1}\n{"key": "a", "tri', "is damaged in line 2"),
        ('{"flakestorm_cassette": 1}\n{"key": "a"}\n', "is damaged in line 2: it has no 'headers'"),
    ],
)
async def test_broken_cassettes_are_explained(
    flakestorm: Program, tmp_path: Path, llm: ScriptedLLM, content: str | None, told: str
) -> None:
    """Told before anything runs, with the line."""
    project(tmp_path, llm, IN_PROCESS)
    if content is not None:
        (tmp_path / "tape.jsonl").write_text(content, "utf-8")
    code, said, _ = await flakestorm(
        tmp_path, "run", "--cassette", "tape.jsonl", "--cassette-mode", "none", "-q"
    )
    assert code == 2
    assert told in said


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("record", "-o", "."), ". is a folder; name a file in it"),
        (("record", "-o", "agent.py/tape.jsonl"), "no cassette can be written to agent.py/tape.jsonl"),
        (
            ("record", "--prompt", "How do I get a refnd?"),
            "there is no golden prompt 'How do I get a refnd?'",
        ),
        (("run", "--cassette-mode", "new"), "need a file: --cassette FILE"),
        (("run", "--cassette", "."), ". is a folder"),
    ],
)
async def test_impossible_wishes_are_explained(
    flakestorm: Program, tmp_path: Path, llm: ScriptedLLM, arguments: tuple[str, ...], told: str
) -> None:
    """Told before anything is spent."""
    project(tmp_path, llm, IN_PROCESS)
    code, said, _ = await flakestorm(tmp_path, *arguments, LLM_URL=llm.openai_url, OPENAI_API_KEY=KEY)
    assert code == 2, said
    assert told in said
    assert not llm.requests


async def test_an_agent_without_calls_leaves_nothing_to_record(
    flakestorm: Program, tmp_path: Path, llm: ScriptedLLM
) -> None:
    """Exit code 3, how calls are led through, and no file."""
    project(tmp_path, llm, IN_PROCESS)
    (tmp_path / "agent.py").write_text("def policy(): ...\ndef reply(prompt):\n    return prompt\n", "utf-8")
    code, said, _ = await flakestorm(tmp_path, "record")
    assert code == 3
    assert "no call of the agent passed through flakestorm" in said
    assert not (tmp_path / "cassette.jsonl").exists()
