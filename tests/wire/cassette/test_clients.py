"""Cassettes with the clients that Python agents use: recorded live, played with the model gone."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
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
Program = Callable[..., Awaitable[tuple[int | None, str, dict[str, Any]]]]
KEY = "sk-planted0123456789abcdefghij"


def cells(report: dict[str, Any]) -> dict[tuple[str, str], str]:
    """The status of each cell of the contract."""
    return {(cell["invariant"], cell["scenario"]): cell["status"] for cell in report["contract"]["cells"]}


@pytest.mark.parametrize("client", CLIENTS)
async def test_a_contract_on_what_was_recorded(flakestorm: Program, tmp_path: Path, client: str) -> None:
    """The same cells as live, although the model is gone; its faults are injected into what is played."""
    (tmp_path / "agent.py").write_text(HEAD + CLIENTS[client], "utf-8")
    (tmp_path / "flakestorm.yaml").write_text(CONFIG, "utf-8")
    async with ScriptedLLM([Rule("refund", Reply("You get it in five days."))]) as llm:
        live = {"LLM_URL": llm.openai_url, "OPENAI_API_KEY": KEY}
        code, said, _ = await flakestorm(tmp_path, "record", "-o", "tape.jsonl", **live)
        assert code == 0, said
        code, said, report = await flakestorm(tmp_path, "contract", "run", **live)
        asked = len(llm.requests)
    assert code == 0, said
    assert KEY not in (tmp_path / "tape.jsonl").read_text("utf-8")
    play = ("contract", "run", "--cassette", "tape.jsonl", "--cassette-mode", "none")
    code, said, played = await flakestorm(tmp_path, *play, LLM_URL=llm.openai_url, OPENAI_API_KEY="none")
    assert code == 0, said
    assert cells(played) == cells(report)
    assert ("no-secrets", "busy") in cells(played)
    assert len(llm.requests) == asked
