"""The shop behind the planted agents: orders as a function and over HTTP, refunds over HTTP alone."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

import flakestorm

ORDERS = {
    "4512": {"order": "4512", "status": "shipped", "eta": "Thursday, 12 March", "carrier": "Nordpost"},
    "7731": {"order": "7731", "status": "packed", "eta": "Monday, 16 March", "carrier": "Sudmail"},
}


@flakestorm.tool
async def order_status(order: str) -> dict[str, str]:
    """Where an order is."""
    return dict(ORDERS[order])


def refund_number(key: str) -> str:
    """The number of the refund that was asked for with ``key``."""
    return f"RF-{88_000 + sum(key.encode()) % 1000}"


@asynccontextmanager
async def shop() -> AsyncIterator[str]:
    """The address of a shop of its own."""
    refunds: dict[str, str] = {}

    async def status(request: web.Request) -> web.Response:
        return web.json_response(ORDERS[request.match_info["order"]])

    async def refund(request: web.Request) -> web.Response:
        wanted: dict[str, Any] = await request.json()
        refunds[wanted["key"]] = refund_number(wanted["key"])
        return web.json_response({"order": wanted["order"], "refund": refunds[wanted["key"]]})

    async def refund_of(request: web.Request) -> web.Response:
        key = request.match_info["key"]
        order = key.partition("-")[0]
        return web.json_response({"order": order, "refund": refunds.get(key)})

    app = web.Application()
    app.add_routes(
        [
            web.get("/orders/{order}", status),
            web.post("/refunds", refund),
            web.get("/refunds/{key}", refund_of),
        ]
    )
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


def gateway(url: str) -> dict[str, Any]:
    """How flakestorm tells the shop's tools apart: ``chaos.gateway`` of the configuration."""
    names = {"refund": "POST /refunds", "check_refund": "GET /refunds/*", "order_status": "GET /orders/*"}
    return {"tools": {"shop": {"upstream": url, "names": names}}}
