"""What the HTTP agent costs: `HttpAgent.send` beside a bare aiohttp loop on the same server."""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import statistics
from collections.abc import Awaitable, Callable
from multiprocessing.connection import Connection
from time import perf_counter, process_time

import aiohttp
from aiohttp import web

from flakestorm.agents.config import AgentConfig
from flakestorm.agents.http import http_agent
from flakestorm.agents.port import Request

REQUESTS = 250
"""Per round: short, so that a machine busy with something else slows both sides alike."""
CONCURRENCY = 32
ROUNDS = 30
PROMPT = 'Where is order 4711? It should have been "here" by now.'


def serve(ready: Connection) -> None:
    """Answer every request with a small JSON reply, on a free port that goes out through ``ready``."""

    async def answer(request: web.Request) -> web.Response:
        await request.read()
        return web.Response(body=b'{"output": "on its way"}', content_type="application/json")

    async def main() -> None:
        app = web.Application()
        app.router.add_post("/", answer)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        ready.send(runner.addresses[0][1])
        await asyncio.Event().wait()

    asyncio.run(main())


async def rate(send: Callable[[], Awaitable[object]]) -> tuple[float, float]:
    """Requests per second of ``send``, by the clock and by this process's CPU time."""
    left = iter(range(REQUESTS))

    async def worker() -> None:
        for _ in left:
            await send()

    started, used = perf_counter(), process_time()
    await asyncio.gather(*(worker() for _ in range(CONCURRENCY)))
    return REQUESTS / (perf_counter() - started), REQUESTS / (process_time() - used)


async def compare(url: str) -> tuple[list[tuple[float, float]], list[tuple[float, float]]]:
    """Rates of the bare loop and of the agent, in turns, so that a busy machine hits both."""
    agent = http_agent(AgentConfig(endpoint=url))
    request = Request((PROMPT,), "0123456789ab")
    connector = aiohttp.TCPConnector(limit=0)
    bare, ours = [], []
    async with aiohttp.ClientSession(connector=connector) as session:

        async def plain() -> None:
            async with session.post(url, json={"input": PROMPT}) as response:
                json.loads(await response.read())["output"]

        for _ in range(ROUNDS):
            bare.append(await rate(plain))
            ours.append(await rate(lambda: agent.send(request)))
    await agent.aclose()
    return bare, ours


def main() -> None:
    """Print both medians and their ratio."""
    receiver, sender = multiprocessing.Pipe(duplex=False)
    server = multiprocessing.Process(target=serve, args=(sender,), daemon=True)
    server.start()
    bare, ours = asyncio.run(compare(f"http://127.0.0.1:{receiver.recv()}/"))
    server.terminate()
    for what, column in (("clock", 0), ("CPU", 1)):
        plain = [measured[column] for measured in bare]
        agent = [measured[column] for measured in ours]
        ratio = statistics.median(mine / other for mine, other in zip(agent, plain, strict=True))
        print(
            f"{what:5}  bare aiohttp {statistics.median(plain):6,.0f}/s   HttpAgent.send "
            f"{statistics.median(agent):6,.0f}/s   ratio {ratio:.2f} (aim: at least 0.80)"
        )


if __name__ == "__main__":
    main()
