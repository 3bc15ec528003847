"""``verify`` and ``doctor`` say what faults would reach, before a run is spent on it."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from flakestorm.chaos.config import GatewayConfig
from flakestorm.core.config import FlakeStormConfig
from flakestorm.core.diagnosis import diagnose, port_check
from flakestorm.core.verification import verify_setup
from flakestorm.model.errors import UsageError, WorkError
from flakestorm.testing import ScriptedLLM

BASE = """
golden_prompts: ["Is there a tent?"]
invariants: [{type: completes}]
"""
TOOLS = '''
def stock(item):
    """How many are left."""
    return {"left": 4}

def invoke(prompt):
    return f"{stock('tent')['left']} tents."
'''


def configured(text: str) -> FlakeStormConfig:
    """A configuration of one prompt."""
    return FlakeStormConfig.from_yaml(BASE + text)


def free_port() -> int:
    """A port that was free a moment ago."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


async def facts(config: FlakeStormConfig | Path) -> dict[str, str]:
    """Subject ► what is said about it."""
    return dict((await verify_setup(config)).facts)


@pytest.fixture
async def llm() -> AsyncIterator[ScriptedLLM]:
    """Knows one sentence."""
    async with ScriptedLLM("There is one.") as served:
        yield served


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Path:
    """A project with an agent in a module that no other test has."""
    name = f"stocked_{abs(hash(request.node.name))}"
    (tmp_path / f"{name}.py").write_text(TOOLS, "utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    agent = f'agent: {{type: python, endpoint: "{name}:invoke", tools: ["{name}:stock"]}}\n'
    (tmp_path / "flakestorm.yaml").write_text(BASE + agent, "utf-8")
    return tmp_path


async def test_tools_that_are_functions(folder: Path) -> None:
    """The tools are loaded and the first prompt's calls are counted, even before there are faults."""
    told = await facts(folder / "flakestorm.yaml")
    assert told["calls"] == "1 to tools (stock)"
    assert "chaos" not in told
    assert "unreachable" not in told


async def test_what_would_reach_nothing(folder: Path) -> None:
    """LLM faults for an agent that asks no LLM; and the faults are counted."""
    file = folder / "flakestorm.yaml"
    faults = "chaos: {llm_faults: [{mode: empty}], tool_faults: [{mode: error}, {mode: slow}]}\n"
    file.write_text(file.read_text("utf-8") + faults, "utf-8")
    told = await facts(file)
    assert told["chaos"] == "LLM faults: 1, tool faults: 2; `flakestorm run --chaos` puts them in force"
    assert "no call of a language model was seen" in told["unreachable"]
    assert not any("chaos has no part" in text for text in told.values())
    checks = {check.subject: check for check in await diagnose(file)}
    assert (checks["unreachable"].state, checks["calls"].state) == ("info", "ok")


async def test_a_tool_that_cannot_be_loaded(folder: Path) -> None:
    """Is the error that a run would end with."""
    file = folder / "flakestorm.yaml"
    file.write_text(file.read_text("utf-8").replace(":stock", ":stok"), "utf-8")
    with pytest.raises(UsageError, match="stock"):
        await verify_setup(file)


async def test_an_agent_that_runs_by_itself(llm: ScriptedLLM) -> None:
    """Its calls arrive at the gateway's port, which is open while it is asked."""
    port = free_port()

    async def chat(_: web.Request) -> web.Response:
        async with aiohttp.ClientSession(trust_env=False) as session:
            body = {"model": "small", "messages": [{"role": "user", "content": "hi"}]}
            url = f"http://127.0.0.1:{port}/openai/chat/completions"
            async with session.post(url, json=body) as answer:
                return web.json_response(
                    {"output": (await answer.json())["choices"][0]["message"]["content"]}
                )

    app = web.Application()
    app.add_routes([web.post("/chat", chat)])
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    agent = f"agent: {{endpoint: 'http://127.0.0.1:{runner.addresses[0][1]}/chat'}}\n"
    gateway = f"chaos: {{gateway: {{port: {port}, upstreams: {{openai: '{llm.openai_url}'}}}}}}\n"
    try:
        told = await facts(configured(agent + gateway))
    finally:
        await runner.cleanup()
    assert told["reply"].startswith("There is one.")
    assert told["calls"] == "1 to language models (small)"


async def test_a_taken_port() -> None:
    """Ends as ``run --chaos`` would, with the port and the key that names it."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        agent = f"agent: {{endpoint: 'http://127.0.0.1:9/chat'}}\nchaos: {{gateway: {{port: {port}}}}}\n"
        with pytest.raises(WorkError, match=str(port)):
            await verify_setup(configured(agent))


@pytest.mark.parametrize("is_free", [True, False])
def test_the_doctor_looks_at_the_port(is_free: bool) -> None:
    """A remark where it is taken, because only some agents need it."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        port = other.getsockname()[1]
        if is_free:
            other.close()
        else:
            other.listen()
        check = port_check(port)
    assert (check.subject, check.state) == ("gateway", "ok" if is_free else "info")
    assert str(port) in check.text
    assert ("is free" in check.text) is is_free


async def test_the_doctor_knows_the_usual_port(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is there on this machine."""
    monkeypatch.setenv("FLAKESTORM_HOME", str(tmp_path))
    checks = {check.subject: check for check in await diagnose(tmp_path / "none.yaml")}
    assert str(GatewayConfig().port) in checks["gateway"].text


async def test_nothing_configured_nothing_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An agent without the section chaos is asked as ever."""
    monkeypatch.chdir(tmp_path)
    config = configured('agent: {type: python, endpoint: "agent:invoke"}\n')
    told = dict((await verify_setup(config, lambda prompt: prompt.upper())).facts)
    assert "calls" not in told
    assert told["reply"].startswith("IS THERE A TENT?")
