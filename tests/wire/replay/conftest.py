"""Local servers that speak the APIs of LangSmith and Langfuse, in threads of their own."""

from __future__ import annotations

import asyncio
import threading
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from aiohttp import web

WITHIN_S = 30
START = datetime(2026, 11, 1, 12, tzinfo=timezone.utc)
PROJECT = "11111111-1111-4111-8111-111111111111"


@dataclass
class Recorder:
    """What a server has, how it misbehaves, and what it was asked."""

    key: str = "lsv2-a-test-key-0123456789"
    runs: list[dict[str, Any]] = field(default_factory=list)
    traces: list[dict[str, Any]] = field(default_factory=list)
    refuse_times: int = 0
    asked: list[tuple[str, Any]] = field(default_factory=list)
    url: str = ""

    def add_run(self, number: int = 0, error: str | None = None, **changes: Any) -> dict[str, Any]:
        """A root run; the ``number``-th began as many minutes later and took a second."""
        id_ = str(uuid.UUID(int=0x10000 + number, version=4))
        start = START + timedelta(minutes=number)
        run = {
            "id": id_,
            "name": "agent",
            "run_type": "chain",
            "start_time": start.isoformat(),
            "end_time": (start + timedelta(seconds=1)).isoformat(),
            "inputs": {"messages": [{"role": "user", "content": f"Where is order {number}?"}]},
            "outputs": {"output": "On its way."},
            "error": error,
            "status": "error" if error else "success",
            "trace_id": id_,
            "session_id": PROJECT,
            "parent_run_id": None,
            "dotted_order": f"20261101T120000000000Z{id_}",
            **changes,
        }
        self.runs.append(run)
        return run

    def add_tool(self, root: dict[str, Any], name: str, **changes: Any) -> dict[str, Any]:
        """A tool's run below ``root``."""
        id_ = str(uuid.uuid5(uuid.UUID(root["id"]), f"{name}{len(self.runs)}"))
        run = {
            **root,
            "id": id_,
            "name": name,
            "run_type": "tool",
            "inputs": {"input": "{}"},
            "outputs": {"output": '{"arrives": "Friday"}'},
            "error": None,
            "parent_run_id": root["id"],
            "parent_run_ids": [root["id"]],
            "dotted_order": f"{root['dotted_order']}.20261101T120001000000Z{id_}",
            **changes,
        }
        self.runs.append(run)
        return run


def _langsmith(recorder: Recorder) -> web.Application:
    def refused(request: web.Request) -> web.Response | None:
        if request.headers.get("x-api-key") != recorder.key:
            return web.json_response({"detail": "Invalid token"}, status=401)
        if recorder.refuse_times > 0:
            recorder.refuse_times -= 1
            return web.json_response({"detail": "Too many"}, status=429, headers={"Retry-After": "0"})
        return None

    async def info(_: web.Request) -> web.Response:
        return web.json_response({"version": "0.10.0", "instance_flags": {}})

    async def sessions(request: web.Request) -> web.Response:
        recorder.asked.append(("sessions", dict(request.query)))
        found = [
            {
                "id": PROJECT,
                "name": "shop",
                "tenant_id": PROJECT,
                "start_time": START.isoformat(),
                "reference_dataset_id": None,
            }
        ]
        return refused(request) or web.json_response(found if request.query.get("name") == "shop" else [])

    async def one(request: web.Request) -> web.Response:
        refusal = refused(request)
        if refusal is not None:
            return refusal
        run = next((run for run in recorder.runs if run["id"] == request.match_info["id"]), None)
        return (
            web.json_response({"detail": "Not found"}, status=404) if run is None else web.json_response(run)
        )

    async def query(request: web.Request) -> web.Response:
        body = await request.json()
        recorder.asked.append(("query", body))
        refusal = refused(request)
        if refusal is not None:
            return refusal
        found = [run for run in recorder.runs if _fits(run, body)]
        found.sort(key=lambda run: str(run["start_time"]), reverse=True)
        start, size = int(body.get("cursor") or 0), int(body.get("limit") or 100)
        after = str(start + size) if start + size < len(found) else None
        return web.json_response({"runs": found[start : start + size], "cursors": {"next": after}})

    application = web.Application()
    application.router.add_get("/info", info)
    application.router.add_get("/sessions", sessions)
    application.router.add_get("/runs/{id}", one)
    application.router.add_post("/runs/query", query)
    return application


def _fits(run: dict[str, Any], body: dict[str, Any]) -> bool:
    checks = (
        body.get("run_type") in (None, run["run_type"]),
        body.get("trace") in (None, run.get("trace_id")),
        body.get("is_root") is None or body["is_root"] == (run.get("parent_run_id") is None),
        body.get("error") is None or body["error"] == (run["error"] is not None),
        body.get("start_time") is None
        or datetime.fromisoformat(body["start_time"]) <= datetime.fromisoformat(run["start_time"]),
    )
    return all(checks)


def _langfuse(recorder: Recorder) -> web.Application:
    def refused(request: web.Request) -> web.Response | None:
        expected = f"Basic {recorder.key}"
        if request.headers.get("Authorization") != expected:
            return web.json_response({"message": "Invalid credentials"}, status=401)
        if recorder.refuse_times > 0:
            recorder.refuse_times -= 1
            return web.json_response({}, status=429, headers={"Retry-After": "7"})
        return None

    async def listed(request: web.Request) -> web.Response:
        recorder.asked.append(("traces", dict(request.query)))
        page, limit = int(request.query["page"]), int(request.query["limit"])
        rows = [{"id": trace["id"]} for trace in recorder.traces[(page - 1) * limit : page * limit]]
        return refused(request) or web.json_response({"data": rows, "meta": {"page": page}})

    async def one(request: web.Request) -> web.Response:
        trace = next(trace for trace in recorder.traces if trace["id"] == request.match_info["id"])
        return refused(request) or web.json_response(trace)

    application = web.Application()
    application.router.add_get("/api/public/traces", listed)
    application.router.add_get("/api/public/traces/{id}", one)
    return application


def _served(application: web.Application, recorder: Recorder) -> Iterator[Recorder]:
    loop, ready = asyncio.new_event_loop(), threading.Event()

    async def start() -> web.AppRunner:
        runner = web.AppRunner(application)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        recorder.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        return runner

    def serve() -> None:
        asyncio.set_event_loop(loop)
        runner = loop.run_until_complete(start())
        ready.set()
        loop.run_forever()
        loop.run_until_complete(runner.cleanup())
        loop.close()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    assert ready.wait(WITHIN_S)
    yield recorder
    loop.call_soon_threadsafe(loop.stop)
    thread.join(WITHIN_S)


@pytest.fixture
def langsmith() -> Iterator[Recorder]:
    """A LangSmith on this machine, empty."""
    recorder = Recorder()
    yield from _served(_langsmith(recorder), recorder)


@pytest.fixture
def langfuse() -> Iterator[Recorder]:
    """A Langfuse on this machine; its ``key`` is what basic authentication must say."""
    recorder = Recorder(key="cHVibGljLWtleTpzZWNyZXQta2V5")
    yield from _served(_langfuse(recorder), recorder)
