"""A served agent whose one tool is a model, and a configuration with all pillars."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from flakestorm.testing import Reply, Rule, ScriptedLLM

AGENT = '''
"""Asks a model, once more when that fails; LETTERS makes it answer a prompt in capitals wrongly."""
import os, sys
import aiohttp
from aiohttp import web

async def ask(prompt):
    url = os.environ.get("OPENAI_BASE_URL", os.environ["LLM_URL"]) + "/chat/completions"
    body = {"model": "small", "messages": [{"role": "user", "content": prompt}]}
    async with aiohttp.ClientSession(trust_env=False) as session:
        for attempt in range(int(os.environ.get("ATTEMPTS", "2"))):
            async with session.post(url, json=body) as answer:
                if answer.status == 200:
                    return (await answer.json())["choices"][0]["message"]["content"]
    return "I cannot tell now."

async def chat(request):
    prompt = (await request.json())["input"]
    if os.environ.get("SILENT"):
        return web.Response(status=500)
    if os.environ.get("FRAGILE") and prompt not in ("How do I get a refund?", "When do I get my refund?"):
        return web.json_response({"reply": "What?"})
    if os.environ.get("DEAF"):
        return web.json_response({"reply": "It takes 5 days."})
    return web.json_response({"reply": await ask(prompt)})

async def health(request):
    return web.Response()

if __name__ == "__main__":
    app = web.Application()
    app.add_routes([web.post("/chat", chat), web.get("/health", health)])
    web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), print=None)
'''

CONFIG = """\
version: "2.0"
agent:
  endpoint: http://127.0.0.1:{{port}}/chat
  timeout: 10000
  serve:
    command: ["{python}", agent.py, "{{port}}"]
    ready: http://127.0.0.1:{{port}}/health
    replicas: 2
golden_prompts: ["How do I get a refund?", "When do I get my refund?"]
mutations: {{count: {count}, types: [tone_shift]}}
invariants:
  - {{id: days, type: contains, value: "5 days", severity: high}}
chaos:
  gateway: {{upstreams: {{openai: "{llm}"}}}}
  llm_faults: [{{mode: server_error, on_calls: [1]}}]
contract:
  name: refunds
  invariants:
    - {{id: replies, type: output_not_empty, severity: critical}}
    - {{id: days, type: contains, value: "5 days", severity: medium}}
  chaos_matrix:
    - {{name: no-chaos}}
    - {{name: llm-down, llm_faults: [{{mode: server_error}}]}}
replays:
  sessions:
    - {{id: june, input: "Is my refund on its way?", contract: refunds}}
advanced: {{control_repeats: 2, concurrency: 4, retries: 0, shrink_budget: 0}}
"""


@dataclass(frozen=True)
class Project:
    """A folder with the agent and its configuration."""

    folder: Path
    llm: ScriptedLLM

    async def flakestorm(self, *arguments: str, **more: str) -> tuple[int, str]:
        """The exit code and what was said."""
        process = await self.start(*arguments, **more)
        said, _ = await process.communicate()
        assert process.returncode is not None
        return process.returncode, said.decode("utf-8")

    async def start(self, *arguments: str, **more: str) -> asyncio.subprocess.Process:
        """The program, running."""
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "flakestorm",
            *arguments,
            cwd=self.folder,
            env=self.environment(**more),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )

    def environment(self, **more: str) -> dict[str, str]:
        """Without whatever a CI system that runs these tests has set."""
        left = ("OPENAI_BASE_URL", "HTTP_PROXY", "http_proxy", "FLAKESTORM_HOME")
        kept = {
            name: value
            for name, value in os.environ.items()
            if name not in left and not name.startswith(("GITHUB_", "CI_"))
        }
        return {**kept, "NO_COLOR": "1", "COLUMNS": "120", "LLM_URL": self.llm.openai_url, **more}

    def report(self, name: str = "out.json") -> dict[str, Any]:
        """A JSON report."""
        told: dict[str, Any] = json.loads((self.folder / name).read_text("utf-8"))
        return told

    def change(self, old: str, new: str) -> None:
        """Change the configuration."""
        file = self.folder / "flakestorm.yaml"
        text = file.read_text("utf-8")
        assert old in text
        file.write_text(text.replace(old, new), "utf-8")


@pytest.fixture
async def project(tmp_path: Path) -> AsyncIterator[Project]:
    """The agent's model knows refunds."""
    async with ScriptedLLM([Rule("", Reply("It takes 5 days."))]) as llm:
        (tmp_path / "agent.py").write_text(AGENT, "utf-8")
        text = CONFIG.format(python=sys.executable, llm=llm.openai_url, count=6)
        (tmp_path / "flakestorm.yaml").write_text(text, "utf-8")
        yield Project(tmp_path, llm)
