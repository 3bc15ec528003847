"""The programs of route-your-agent.md are run behind a gateway: their calls arrive, and are disturbed."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import yaml
from aiohttp import web

from flakestorm.chaos.config import ChaosConfig, Faults
from flakestorm.chaos.faults.engine import FaultEngine
from flakestorm.chaos.gateway.gateway import Gateway
from flakestorm.chaos.traffic import Traffic
from flakestorm.testing import ScriptedLLM

PAGE = Path(__file__).resolve().parents[2] / "docs/route-your-agent.md"
TEXT = PAGE.read_text("utf-8")
PROGRAMS: dict[str, str] = dict(re.findall(r"^```\w+ file=(\S+)\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL))
RUNNERS = {".py": [sys.executable, "-W", "error"], ".mjs": ["node"], ".sh": ["sh", "-e"]}
NEEDED = {".mjs": "node", ".sh": "curl"}

SAID = "We open at nine."
TRIAL = "0123456789ab"
FORWARDING = "forwarding_agent.py"
TOOL = "tool_agent.py"
GARBAGE = Faults.model_validate({"llm_faults": [{"mode": "garbage"}]})
WITHIN_S = 120


def settings(llm: ScriptedLLM, shop: str) -> ChaosConfig:
    """The section chaos of the page, with this test's servers as upstreams."""
    (block,) = re.findall(r"^```yaml\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
    section = yaml.safe_load(block)["chaos"]
    section["gateway"]["tools"]["shop"]["upstream"] = shop
    section["gateway"]["upstreams"] = {
        "openai": llm.openai_url,
        "anthropic": llm.anthropic_url,
        "google": llm.google_url,
        "ollama": llm.ollama_url,
    }
    return ChaosConfig.model_validate(section)


@asynccontextmanager
async def shop() -> AsyncIterator[str]:
    """A shop with tents."""

    async def stock(_: web.Request) -> web.Response:
        return web.json_response({"left": 4})

    app = web.Application()
    app.add_routes([web.get("/api/stock/tent", stock)])
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/api"
    finally:
        await runner.cleanup()


async def run(name: str, folder: Path, environment: dict[str, str]) -> tuple[int | None, str]:
    """The exit code and the output of one program of the page."""
    (folder / name).write_text(PROGRAMS[name], "utf-8")
    keys = dict.fromkeys(("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GEMINI_API_KEY"), "any")
    inherited = {key: value for key, value in os.environ.items() if not key.lower().endswith("_proxy")}
    process = await asyncio.create_subprocess_exec(
        *RUNNERS[Path(name).suffix],
        name,
        cwd=folder,
        env={**inherited, **keys, **environment},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await asyncio.wait_for(process.communicate(), WITHIN_S)
    return process.returncode, said.decode("utf-8")


@pytest.mark.slow
@pytest.mark.parametrize("disturbed", [False, True], ids=["calm", "disturbed"])
@pytest.mark.parametrize("name", PROGRAMS)
async def test_calls_arrive_and_are_disturbed(name: str, disturbed: bool, tmp_path: Path) -> None:
    """The environment alone leads them: nothing in the programs knows of flakestorm."""
    needed = NEEDED.get(Path(name).suffix)
    if needed and shutil.which(needed) is None:
        pytest.skip(f"needs {needed}, which is not installed")
    async with ScriptedLLM(SAID) as llm, shop() as address:
        section = settings(llm, address)
        faults: Faults = section if name == TOOL else GARBAGE
        traffic = Traffic(TRIAL, FaultEngine(faults, 7, TRIAL) if disturbed else None)
        async with Gateway(section.gateway, surroundings={}) as gateway:
            gateway.enter(traffic, None if name == FORWARDING else 0)
            code, said = await run(name, tmp_path, {**gateway.environment(), "TRIAL": TRIAL})
            gateway.leave(traffic)
            assert gateway.strays == 0
    (call,) = traffic.calls()
    assert call.kind == ("tool" if name == TOOL else "llm"), said
    assert call.name == "stock" or name != TOOL
    expected = "4 left" if name == TOOL else SAID
    assert (expected in said) is not disturbed, said
    assert call.fired == ((("error",) if name == TOOL else ("garbage",)) if disturbed else ())
    # A wrong text is no crash; a tool that answers 503 is one to this program.
    assert (code == 0) is not (disturbed and name == TOOL), said


def test_every_client_of_the_page_is_run() -> None:
    """But those of which it says that they are not."""
    assert len(PROGRAMS) == 12
    untested = re.findall(r"^```(\w+)\n", TEXT, re.MULTILINE)
    assert sorted(untested) == ["js", "sh", "sh", "sh", "yaml", "yml"]
    assert " ".join(TEXT.split()).count("not part of the tests") == 5
