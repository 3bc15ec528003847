"""An agent that flakestorm started itself: a process that dies of an attack is noticed, though it returns."""

from __future__ import annotations

import sys
from pathlib import Path

from flakestorm.agents.config import AgentConfig
from flakestorm.agents.open import open_agent
from flakestorm.agents.port import Attackable, Request
from flakestorm.model.attack import Attack
from flakestorm.model.finding import Finding
from flakestorm.model.outcome import ErrorKind

AGENT = """
import os, sys
from aiohttp import web

async def chat(request):
    if request.headers.get("Content-Type") == "application/xml":
        print("cannot go on", flush=True)
        os._exit(7)
    return web.json_response({"output": "hello"})

app = web.Application()
app.router.add_route("*", "/chat", chat)
web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), print=None)
"""
DEADLY = Attack.from_dict(
    {"drop": ["content-type"], "headers": [{"text": "Content-Type: application/xml\r\n"}]}
)


def config(folder: Path, restarts: int = 3) -> AgentConfig:
    """The agent, started at a free port."""
    (folder / "agent.py").write_text(AGENT)
    return AgentConfig.model_validate(
        {
            "endpoint": "http://127.0.0.1:{port}/chat",
            "timeout": 5000,
            "serve": {
                "command": [sys.executable, str(folder / "agent.py"), "{port}"],
                "restarts": restarts,
            },
        }
    )


async def test_a_death_is_no_health(tmp_path: Path) -> None:
    """The restarted process would answer; what counts is that the first one died."""
    findings: list[Finding] = []
    async with open_agent(config(tmp_path), findings.append) as agent:
        assert isinstance(agent, Attackable)
        fine = await agent.attack(Attack(method="PUT"), Request(("Hi",), "t1"))
        assert fine.wire is not None
        assert fine.wire.unhealthy == ""
        dead = await agent.attack(DEADLY, Request(("Hi",), "t2"))
        assert dead.wire is not None
        assert "ended with exit code 7" in dead.wire.unhealthy or "7" in dead.wire.unhealthy
        again = await agent.attack(Attack(method="PUT"), Request(("Hi",), "t3"))
        assert again.wire is not None
        assert again.wire.unhealthy == ""
    assert [finding.kind for finding in findings] == ["agent_crashed"]
    assert findings[0].trials == ("t2",)


async def test_no_process_is_left_to_attack(tmp_path: Path) -> None:
    """Without restarts the next attack is an error that says why."""
    async with open_agent(config(tmp_path, restarts=0), lambda _: None) as agent:
        assert isinstance(agent, Attackable)
        await agent.attack(DEADLY, Request(("Hi",), "t1"))
        outcome = await agent.attack(DEADLY, Request(("Hi",), "t2"))
    assert outcome.error is not None
    assert outcome.error.kind is ErrorKind.REFUSED
    assert "not running any more" in outcome.error.message
