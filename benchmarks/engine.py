"""How much of a bare aiohttp loop's rate the pipeline keeps, and how near the ideal a slow agent gets."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter

import aiohttp

from flakestorm.core.config import FlakeStormConfig
from flakestorm.core.execution import Execution
from flakestorm.core.plan import Plan
from flakestorm.core.wishes import Wishes
from flakestorm.loop import run_async
from flakestorm.mutations.engine import Mutator
from flakestorm.store.runs import RunFolder

HERE = Path(__file__).parent
PROMPTS = 120
TRIALS = 12_000
ROUNDS = 5


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start_agent(delay_ms: float) -> tuple[subprocess.Popen[bytes], int]:
    """The agent in a process of its own, ready."""
    port = free_port()
    command = [sys.executable, str(HERE / "fast_agent.py"), str(port), str(delay_ms)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    return process, port


def config_for(port: int, trials: int, concurrency: int) -> FlakeStormConfig:
    """About ``trials`` trials with four invariants."""
    prompts = "".join(f'  - "How do I get a refund for order {4512 + i}?"\n' for i in range(PROMPTS))
    return FlakeStormConfig.from_yaml(
        f"agent: {{endpoint: 'http://127.0.0.1:{port}/'}}\n"
        f"golden_prompts:\n{prompts}"
        f"mutations: {{count: {trials // PROMPTS}}}\n"
        "invariants:\n"
        "  - {type: contains, value: refund}\n  - {type: latency, max_ms: 5000}\n"
        "  - {type: output_not_empty}\n  - {type: excludes_pattern, pattern: 'password'}\n"
        f"advanced: {{concurrency: {concurrency}, control_repeats: 1}}\n"
    )


def same_requests(trials: int) -> list[dict[str, str]]:
    """The bodies that the pipeline sends, made beforehand."""
    config = config_for(1, trials, 1)
    mutator = Mutator(config.mutations, config.advanced.seed)
    plan = Plan(config.golden, mutator.mutations, config.mutations.count, control_repeats=1)
    return [{"input": trial.turns[-1]} for trial in (*plan.control(), *plan.disturbed())]


async def bare(port: int, requests: list[dict[str, str]], concurrency: int) -> float:
    """Requests a second of a bare aiohttp client loop that sends ``requests`` and parses the replies."""
    left = iter(requests)
    url = f"http://127.0.0.1:{port}/"

    async def work(session: aiohttp.ClientSession) -> None:
        for body in left:
            async with session.post(url, json=body) as reply:
                await reply.json()

    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector) as session:
        begin = perf_counter()
        await asyncio.gather(*(work(session) for _ in range(concurrency)))
        return len(requests) / (perf_counter() - begin)


def pipeline(port: int, trials: int, concurrency: int) -> float:
    """Trials a second of a whole run, from before its first trial to after its last."""
    with tempfile.TemporaryDirectory() as folder:
        config = config_for(port, trials, concurrency)
        begin = perf_counter()
        run = run_async(Execution(config, Wishes(folder=RunFolder(Path(folder)))).run())
        seconds = perf_counter() - begin
        if run.totals.errored:
            raise SystemExit(f"{run.totals.errored} trials errored; the figure would mean nothing")
        return run.totals.trials / seconds


def main() -> None:
    """Print one line for the fast agent and one for the slow one."""
    agent, port = start_agent(0)
    try:
        requests = same_requests(TRIALS)
        pipeline(port, 200, 50)
        rates = [(pipeline(port, TRIALS, 50), run_async(bare(port, requests, 50))) for _ in range(ROUNDS)]
    finally:
        agent.kill()
        agent.wait()
    # A machine that others use, too, may change its speed between two rounds, and seldom within one.
    rates.sort(key=lambda pair: pair[0] / pair[1])
    rate, bare_rate = rates[ROUNDS // 2]
    print(
        f"engine, 0 ms agent, concurrency 50: {rate:,.0f} trials/s, bare aiohttp {bare_rate:,.0f}/s, "
        f"ratio {rate / bare_rate:.2f}, the middle one of {ROUNDS} (aim: 0.50)"
    )
    agent, port = start_agent(50)
    try:
        bare_rate = run_async(bare(port, requests, 200))
        rate = pipeline(port, 120_000, 200)
    finally:
        agent.kill()
        agent.wait()
    ideal = 200 / 0.050
    print(
        f"engine, 50 ms agent, concurrency 200: {rate:,.0f} trials/s, "
        f"{rate / ideal:.2f} of ideal (aim: 0.90), bare aiohttp {bare_rate / ideal:.2f} of it"
    )


if __name__ == "__main__":
    main()
