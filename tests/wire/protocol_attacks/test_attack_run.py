"""Attacks in a whole run: last, alone, repeatable, resumable, and only where they are allowed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from io import BytesIO
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from aiohttp import web

from flakestorm.core.config import FlakeStormConfig
from flakestorm.core.execution import Execution
from flakestorm.core.wishes import Wishes
from flakestorm.model.events import Event, TrialFinished
from flakestorm.model.record import TrialStatus
from flakestorm.model.run import Run
from flakestorm.reports.json_report import write_json
from flakestorm.reports.schema import report_schema
from flakestorm.store.runs import RunFolder

CONFIG = """
agent: {endpoint: "URL", timeout: 5000}
golden_prompts: ["Where is my refund for order 4512?", "How do I return the shoes?"]
mutations: {count: 12, intensity: 0.0, types: [noise, request_method_attack, content_type_confusion]}
invariants: [{type: contains, value: refund}, {type: latency, max_ms: 5000}]
"""


class Shop:
    """An agent that answers 500 to XML, and counts how many requests it gets at once."""

    def __init__(self) -> None:
        self.url = ""
        self.seen: list[str] = []
        self.at_once = 0
        self.most_at_once = 0

    async def chat(self, request: web.Request) -> web.Response:
        """Answer a prompt."""
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            # The whole answer takes a few turns of the loop, so that requests can overlap.
            await asyncio.sleep(0)
            if "xml" in request.headers.get("Content-Type", ""):
                return web.Response(status=500)
            try:
                prompt = (await request.json())["input"]
            except (ValueError, KeyError, TypeError, web.RequestPayloadError):
                return web.Response(status=400)
            self.seen.append(str(prompt))
            return web.json_response({"output": f"the refund for {str(prompt).encode(errors='replace')!r}"})
        finally:
            self.at_once -= 1


@pytest.fixture
async def shop() -> AsyncIterator[Shop]:
    """A running shop."""
    shop = Shop()
    app = web.Application()
    app.router.add_post("/chat", shop.chat)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    shop.url = f"http://127.0.0.1:{runner.addresses[0][1]}/chat"
    yield shop
    await runner.cleanup()


async def execute(
    folder: Path, url: str, more: str = "", listeners: tuple[Any, ...] = (), text: str = CONFIG, **wishes: Any
) -> Run:
    """One run against ``url``."""
    config = FlakeStormConfig.from_yaml(text.replace("URL", url) + more)
    return await Execution(config, Wishes(folder=RunFolder(folder), **wishes), listeners).run()


def essence(run: Run) -> list[tuple[object, ...]]:
    """What must not depend on speed, order or interruptions."""
    return sorted(
        (r.trial.id, r.status, r.outcome.status, [(v.invariant, v.status) for v in r.verdicts])
        for r in run.records()
    )


async def test_attacks_come_last_and_find_what_is_there(shop: Shop, tmp_path: Path) -> None:
    """All texts are done when the first attack begins. The user's rules are about texts only."""
    order: list[bool] = []

    def listen(event: Event) -> None:
        if isinstance(event, TrialFinished):
            mutation = event.record.trial.mutation
            order.append(mutation is not None and mutation.attack is not None)

    text = CONFIG.replace("count: 12", "count: 120")
    run = await execute(tmp_path, shop.url, listeners=(listen,), text=text)
    assert order == sorted(order)
    attacks = [r for r in run.records() if r.outcome.wire is not None]
    assert len(attacks) == sum(order) > 100
    assert run.info.planned == run.totals.trials == 2 * 3 + 2 * 120
    assert "content_type_confusion.as_xml" in {
        str(r.trial.mutation and r.trial.mutation.operator) for r in attacks
    }
    for record in attacks:
        assert {v.invariant for v in record.verdicts}.isdisjoint({"contains", "latency"})
        assert record.trial.mutation is not None
        wrong = record.trial.mutation.operator == "content_type_confusion.as_xml"
        failed = {v.invariant for v in record.verdicts if v.status.value == "failed"}
        assert record.status is (TrialStatus.FAILED if failed else TrialStatus.PASSED)
        if wrong:
            assert failed == {"no_server_error"}


async def test_attacks_can_be_resumed(shop: Shop, tmp_path: Path) -> None:
    """A run that stopped in the middle of the attacks is, resumed, the same as one that did not stop."""
    whole = await execute(tmp_path / "whole", shop.url)
    part = await execute(tmp_path / "part", shop.url, "advanced: {max_calls: 22}")
    assert part.info.status == "partial"
    for _ in range(100):
        # Each goes on for 22 requests more.
        resumed = await execute(tmp_path / "part", shop.url, "advanced: {max_calls: 22}", resume="latest")
        if resumed.info.status == "complete":
            break
    assert resumed.info.status == "complete"
    assert essence(resumed) == essence(whole)


async def test_one_attack_can_be_selected(shop: Shop, tmp_path: Path) -> None:
    """By type and by trial, as any other trial."""
    by_type = await execute(tmp_path, shop.url, only="type:request_method_attack")
    types = {r.trial.mutation.type for r in by_type.records() if r.trial.mutation is not None}
    assert types == {"request_method_attack"}
    assert by_type.info.planned == by_type.totals.trials
    some = next(r.trial.id for r in by_type.records() if r.trial.mutation is not None)
    one = await execute(tmp_path, shop.url, only=f"trial:{some}")
    assert [r.trial.id for r in one.records() if r.trial.mutation is not None] == [some]


async def test_other_hosts_are_not_attacked(tmp_path: Path, shop: Shop) -> None:
    """The texts are run, the attacks are not even planned, and a note says why and what to do."""
    # The name leads to this machine, but flakestorm cannot know that it always will.
    url = shop.url.replace("127.0.0.1", "localtest.invalid")
    config = FlakeStormConfig.from_yaml(CONFIG.replace("URL", url))
    execution = Execution(config, Wishes(folder=RunFolder(tmp_path)))
    assert list(execution._plan().attacks()) == []
    planned = execution._plan().planned()
    assert planned == 2 * 3 + 2 * 12
    (note,) = execution._skipped_attacks()
    assert "request_method_attack, content_type_confusion" in note
    assert "agent.allow_protocol_attacks: true" in note


async def test_agents_without_http_are_not_attacked(tmp_path: Path) -> None:
    """A Python agent gets the texts; the run says what was skipped."""

    async def agent(prompt: str) -> str:
        return f"the refund for {prompt}"

    run = await execute(tmp_path, "http://127.0.0.1:9/", target=agent)
    assert run.info.status == "complete"
    assert all(r.outcome.wire is None for r in run.records())
    assert any(
        "attacks on the protocol" in note and "object of this Python program" in note
        for note in run.info.notes
    )
    only = CONFIG.replace("noise, ", "")
    nothing = await execute(tmp_path / "only", "http://127.0.0.1:9/", text=only, target=agent)
    assert nothing.totals.trials == nothing.info.planned == 6


async def test_the_json_report_has_it_all(shop: Shop, tmp_path: Path) -> None:
    """Attack and wire are in the report, in the form that its schema describes."""
    run = await execute(tmp_path, shop.url)
    out = BytesIO()
    write_json(run, out)
    data = json.loads(out.getvalue())
    jsonschema.validate(data, report_schema())
    wires = [trial["wire"] for trial in data["trials"] if trial["wire"]]
    assert len(wires) > 12
    assert all(wire["heartbeat"]["served"] > 0 for wire in wires)
