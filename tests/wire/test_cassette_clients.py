"""Cassettes with the clients that Python agents use: recorded live, played with the model gone."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from flakestorm.testing import Reply, Rule, ScriptedLLM

HEAD = """
import os

URL = os.environ["LLM_URL"]
SORRY = "I cannot answer now. Please try again later."
HEADERS = {"authorization": "Bearer " + os.environ["OPENAI_API_KEY"]}


def body(prompt):
    return {"model": "small", "messages": [{"role": "user", "content": prompt}]}


def text(answer):
    return answer["choices"][0]["message"]["content"]

"""
CLIENTS = {
    "requests": """
import requests

def reply(prompt):
    try:
        answer = requests.post(URL + "/chat/completions", json=body(prompt), headers=HEADERS, timeout=10)
        answer.raise_for_status()
        return text(answer.json())
    except requests.RequestException:
        return SORRY
""",
    "aiohttp": """
import aiohttp

async def reply(prompt):
    try:
        async with aiohttp.ClientSession(headers=HEADERS, raise_for_status=True) as session:
            async with session.post(URL + "/chat/completions", json=body(prompt)) as answer:
                return text(await answer.json())
    except aiohttp.ClientError:
        return SORRY
""",
    "httpx": """
import httpx

async def reply(prompt):
    try:
        async with httpx.AsyncClient(headers=HEADERS) as client:
            answer = await client.post(URL + "/chat/completions", json=body(prompt))
            return text(answer.raise_for_status().json())
    except httpx.HTTPError:
        return SORRY
""",
    "langchain": """
import openai
from langchain_openai import ChatOpenAI

def reply(prompt):
    try:
        return ChatOpenAI(model="small", base_url=URL, max_retries=0).invoke(prompt).content
    except openai.APIError:
        return SORRY
""",
}
CONFIG = """
version: "2.0"
agent: {type: python, endpoint: "agent.py:reply", timeout: 20000}
golden_prompts: ["How do I get a refund?"]
invariants: [{type: contains, value: "five days"}]
contract:
  name: refunds
  invariants:
    - {id: promised, type: contains, value: "five days", severity: high, when: no_chaos}
    - {id: no-secrets, type: excludes_secrets, severity: critical}
  chaos_matrix:
    - {name: no-chaos}
    - {name: busy, llm_faults: [{mode: rate_limit}]}
output: {format: json, filename_template: result}
"""
KEY = "sk-planted0123456789abcdefghij"


async def flakestorm(folder: Path, *arguments: str, url: str, key: str) -> tuple[int | None, str]:
    """The exit code and the output of the program, run in ``folder``."""
    environment = {**os.environ, "NO_COLOR": "1", "LLM_URL": url, "OPENAI_API_KEY": key}
    for name in ("OPENAI_BASE_URL", "OPENAI_API_BASE", "HTTP_PROXY", "http_proxy"):
        environment.pop(name, None)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "flakestorm", *arguments),
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    return process.returncode, said.decode()


def cells(folder: Path) -> dict[tuple[str, str], str]:
    """The status of each cell of the contract."""
    report: dict[str, Any] = json.loads((folder / "reports/result.json").read_text("utf-8"))
    return {(cell["invariant"], cell["scenario"]): cell["status"] for cell in report["contract"]["cells"]}


@pytest.mark.parametrize("client", CLIENTS)
async def test_a_contract_on_what_was_recorded(tmp_path: Path, client: str) -> None:
    """The same cells as live, although the model is gone; its faults are injected into what is played."""
    (tmp_path / "agent.py").write_text(HEAD + CLIENTS[client], "utf-8")
    (tmp_path / "flakestorm.yaml").write_text(CONFIG, "utf-8")
    async with ScriptedLLM([Rule("refund", Reply("You get it in five days."))]) as llm:
        url = llm.openai_url
        code, said = await flakestorm(tmp_path, "record", "-o", "tape.jsonl", url=url, key=KEY)
        assert code == 0, said
        code, said = await flakestorm(tmp_path, "contract", "run", url=url, key=KEY)
        live = cells(tmp_path)
        asked = len(llm.requests)
    assert code == 0, said
    assert KEY not in (tmp_path / "tape.jsonl").read_text("utf-8")
    (tmp_path / "reports/result.json").unlink()
    play = ("contract", "run", "--cassette", "tape.jsonl", "--cassette-mode", "none")
    code, said = await flakestorm(tmp_path, *play, url=url, key="none")
    assert code == 0, said
    assert cells(tmp_path) == live
    assert ("no-secrets", "busy") in live
    assert len(llm.requests) == asked
