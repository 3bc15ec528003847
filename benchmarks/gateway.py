"""What the gateway costs beside a bare aiohttp reverse proxy in the same run, and 2,000 streams through it.

The upstream, both proxies and the gateway are processes of their own; rounds take turns, so that a machine
that does other work slows all of them alike.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import re
import statistics
from collections.abc import Callable, Coroutine
from itertools import count
from multiprocessing.connection import Connection
from pathlib import Path
from time import perf_counter
from typing import Any

ROUNDS = 24
REQUESTS = 600
CONCURRENCY = 16
ALONE = 60
"""Requests one after the other in each round, for latencies."""
STREAMS = 2000
CHUNKS = 10
PAUSE_S = 0.2
"""Between the chunks of one stream: all of them are open at once for about two seconds."""
ANSWER = (
    b'{"id":"chatcmpl-1","object":"chat.completion","model":"m","choices":[{"index":0,"message":'
    b'{"role":"assistant","content":"You get your refund in five days."},"finish_reason":"stop"}],'
    b'"usage":{"prompt_tokens":20,"completion_tokens":9,"total_tokens":29}}'
)
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(ANSWER)
STREAM_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
BODY = (
    b'{"model": "m", "messages": [{"role": "system", "content": "You are the support of a shop."}, '
    b'{"role": "user", "content": "Where is order 4711? It should have been here by now."}], "stream": %b}'
)


def post(stream: bool = False) -> bytes:
    """A request as an SDK sends it."""
    body = BODY % (b"true" if stream else b"false")
    return (
        b"POST /openai/chat/completions HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: application/json\r\n"
        b"Accept-Encoding: gzip, deflate\r\nAuthorization: Bearer key\r\nContent-Type: application/json\r\n"
        b"User-Agent: OpenAI/Python\r\nX-Stainless-Retry-Count: 0\r\nContent-Length: %d\r\n\r\n%b"
    ) % (len(body), body)


class Upstream(asyncio.Protocol):
    """Answers at once; a request for a stream gets numbered chunks with pauses between them."""

    def connection_made(self, transport: Any) -> None:
        """See asyncio."""
        self.transport = transport
        self.buffer = b""

    def data_received(self, data: bytes) -> None:
        """One request may come in several pieces."""
        self.buffer += data
        end = self.buffer.find(b"}", self.buffer.find(b'"stream":'))
        if b'"stream":' not in self.buffer or end < 0:
            return
        streams = b'"stream": true' in self.buffer
        self.buffer = b""
        if not streams:
            self.transport.write(HEAD + ANSWER)
            return
        self.transport.write(STREAM_HEAD + chunk(0))
        asyncio.get_running_loop().call_later(PAUSE_S, self.go_on, 1)

    def go_on(self, number: int) -> None:
        """The next chunk, or the end."""
        if self.transport.is_closing():
            return
        if number == CHUNKS:
            self.transport.write(b"0\r\n\r\n")
            return
        self.transport.write(chunk(number))
        asyncio.get_running_loop().call_later(PAUSE_S, self.go_on, number + 1)


def chunk(number: int) -> bytes:
    """One event of a stream, as a chunk."""
    event = b'data: {"choices":[{"index":0,"delta":{"content":"piece %d"}}]}\n\n' % number
    return b"%x\r\n%b\r\n" % (len(event), event)


async def upstream(ready: Connection) -> None:
    """The server behind everything."""
    server = await asyncio.get_running_loop().create_server(Upstream, "127.0.0.1", 0, backlog=4096)
    ready.send(server.sockets[0].getsockname()[1])
    await asyncio.Event().wait()


async def bare(ready: Connection, port: int) -> None:
    """The least that a reverse proxy made of aiohttp does."""
    from aiohttp import ClientSession, ClientTimeout, DummyCookieJar, TCPConnector, web

    hop_by_hop = {"connection", "keep-alive", "te", "transfer-encoding", "upgrade", "host"}
    session = ClientSession(
        connector=TCPConnector(limit=0),
        timeout=ClientTimeout(total=None),
        cookie_jar=DummyCookieJar(),
        auto_decompress=False,
    )

    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        url = f"http://127.0.0.1:{port}{request.raw_path.replace('/openai', '/v1', 1)}"
        headers = [pair for pair in request.headers.items() if pair[0].lower() not in hop_by_hop]
        async with session.request(
            request.method, url, headers=headers, data=await request.read(), allow_redirects=False
        ) as answer:
            kept = [pair for pair in answer.headers.items() if pair[0].lower() not in hop_by_hop]
            response = web.StreamResponse(status=answer.status, reason=answer.reason, headers=dict(kept))
            await response.prepare(request)
            try:
                async for data in answer.content.iter_any():
                    await response.write(data)
                await response.write_eof()
            except ConnectionError:
                # The caller has gone.
                pass
            return response

    server = web.Server(handle, access_log=None, auto_decompress=False)
    listening = await asyncio.get_running_loop().create_server(server, "127.0.0.1", 0, backlog=4096)
    ready.send(listening.sockets[0].getsockname()[1])
    await asyncio.Event().wait()


async def gateway(ready: Connection, port: int, rules: bool = False) -> None:
    """The gateway; with ``rules`` each call is held against five faults, none of which fires."""
    from flakestorm.chaos.config import Faults, GatewayConfig
    from flakestorm.chaos.faults.engine import FaultEngine
    from flakestorm.chaos.gateway.gateway import Gateway
    from flakestorm.chaos.traffic import Traffic

    faults = Faults(
        llm_faults=[
            {"mode": "rate_limit", "probability": 0.0},
            {"mode": "server_error", "after_calls": 1_000_000},
            {"mode": "reset", "model": "other-*"},
            {"mode": "stream_cut", "match_url": "https://elsewhere/*"},
        ],
        tool_faults=[{"mode": "slow"}],
    )
    trials = count()
    current: list[Traffic] = []

    def traffic() -> Traffic:
        # A trial makes some ten calls.
        if not current or current[0].seen >= 10:
            name = f"trial-{next(trials)}"
            current[:] = [Traffic(name, FaultEngine(faults, 0, name) if rules else None)]
        return current[0]

    config = GatewayConfig(upstreams={"openai": f"http://127.0.0.1:{port}/v1"})
    async with Gateway(config, fallback=traffic, surroundings={}) as proxy:
        ready.send(int(proxy.addresses[0].rpartition(":")[2]))
        await asyncio.Event().wait()


async def gateway_with_rules(ready: Connection, port: int) -> None:
    """See ``gateway``."""
    await gateway(ready, port, rules=True)


def run(serve: Callable[..., Coroutine[Any, Any, None]], *arguments: Any) -> None:
    """A process of its own."""
    from flakestorm.chaos.gateway.open_files import allow_many
    from flakestorm.loop import run_async

    allow_many()
    try:
        run_async(serve(*arguments))
    except KeyboardInterrupt:
        pass


def started(serve: Callable[..., Coroutine[Any, Any, None]], *arguments: Any) -> tuple[int, int]:
    """Port and process id of a server that has been started."""
    receiver, sender = multiprocessing.Pipe(duplex=False)
    process = multiprocessing.Process(target=run, args=(serve, sender, *arguments), daemon=True)
    process.start()
    assert process.pid is not None
    return receiver.recv(), process.pid


async def rate(port: int) -> float:
    """Requests per second on ``CONCURRENCY`` kept connections."""
    left = iter(range(REQUESTS))
    data, expected = post(), len(ANSWER)

    async def worker() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for _ in left:
            writer.write(data)
            await reader.readuntil(b"\r\n\r\n")
            await reader.readexactly(expected)
        writer.close()

    begin = perf_counter()
    await asyncio.gather(*(worker() for _ in range(CONCURRENCY)))
    return REQUESTS / (perf_counter() - begin)


async def latencies(port: int) -> list[float]:
    """Milliseconds of requests one after the other."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    measured = []
    for _ in range(ALONE):
        begin = perf_counter()
        writer.write(post())
        await reader.readuntil(b"\r\n\r\n")
        await reader.readexactly(len(ANSWER))
        measured.append((perf_counter() - begin) * 1000)
    writer.close()
    return measured


async def first_bytes(port: int) -> list[float]:
    """Milliseconds to the first event of streams, one after the other on new connections."""
    measured = []
    for _ in range(ALONE // 4):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        begin = perf_counter()
        writer.write(post(stream=True))
        await reader.readuntil(b"\n\n")
        measured.append((perf_counter() - begin) * 1000)
        writer.close()
    return measured


async def streams(port: int) -> tuple[int, float]:
    """How many of ``STREAMS`` streams were not as they should be, and the seconds that they took."""
    begin = perf_counter()

    async def one() -> bool:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(post(stream=True))
        got = await reader.readuntil(b"\r\n0\r\n\r\n")
        writer.close()
        return [int(number) for number in re.findall(rb'"piece (\d+)"', got)] == list(range(CHUNKS))

    right = await asyncio.gather(*(one() for _ in range(STREAMS)))
    return STREAMS - sum(right), perf_counter() - begin


def peak_megabytes(pid: int) -> float:
    """The most memory that a process has had (Linux)."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


async def measured(ports: dict[str, int], pids: dict[str, int]) -> None:
    """Print the four figures."""
    rates: dict[str, list[float]] = {name: [] for name in ports}
    whole: dict[str, list[float]] = {name: [] for name in ports}
    first: dict[str, list[float]] = {name: [] for name in ports}
    for port in ports.values():
        # The first calls of a program are slow.
        await rate(port)
    for _ in range(ROUNDS):
        for name, port in ports.items():
            rates[name].append(await rate(port))
            whole[name] += await latencies(port)
            first[name] += await first_bytes(port)
    for name, aim in (("gateway", 0.8), ("gateway with rules", 0.65)):
        pairs = zip(rates[name], rates["bare"], strict=True)
        ratio = statistics.median(ours / theirs for ours, theirs in pairs)
        typical = statistics.median(rates[name])
        print(f"gateway: {name} {typical:,.0f}/s, {ratio:.2f} x a bare aiohttp proxy (aim: {aim})")
    for share in (0.5, 0.25):
        told = ", ".join(f"{name} +{added(whole, name, share):.2f}" for name in ports if name != "direct")
        print(f"gateway: p{share * 100:.0f} of a call, in ms: {told} (aim: p50 +1)")
    for share in (0.5, 0.25):
        ours, theirs = added(first, "gateway", share), added(first, "bare", share)
        print(
            f"gateway: p{share * 100:.0f} of a stream's first byte: gateway +{ours:.2f} ms, "
            f"{ours / theirs:.2f} x the bare proxy's (aim: 1.3)"
        )
    wrong, seconds = await streams(ports["gateway"])
    print(
        f"gateway: {STREAMS:,} streams at once in {seconds:.1f} s, {wrong} with lost or reordered chunks, "
        f"peak {peak_megabytes(pids['gateway']):.0f} MB (aim: 0, 400 MB)"
    )


def added(samples: dict[str, list[float]], name: str, share: float) -> float:
    """How much more than without a proxy, at a quantile: low ones show less of what else the machine does."""
    here, there = (sorted(samples[key])[int(len(samples[key]) * share)] for key in (name, "direct"))
    return here - there


def main() -> None:
    """Start everything and measure it."""
    behind, _ = started(upstream)
    ports, pids = {"direct": behind}, {}
    for name, serve in (("bare", bare), ("gateway", gateway), ("gateway with rules", gateway_with_rules)):
        ports[name], pids[name] = started(serve, behind)
    run(measured, ports, pids)


if __name__ == "__main__":
    main()
