"""How much of the engine's rate is left when a cassette answers an agent's model."""

from __future__ import annotations

import tempfile
from pathlib import Path
from time import perf_counter
from typing import Any

import httpx
from engine import start_agent

from flakestorm.core.cassette_run import CassetteWish
from flakestorm.core.config import FlakeStormConfig
from flakestorm.core.execution import Execution
from flakestorm.core.wishes import Wishes
from flakestorm.loop import run_async
from flakestorm.replay.cassette import Mode
from flakestorm.store.runs import RunFolder

PROMPTS = 30
TRIALS = 3_000
ANSWER = {"output": "You get your refund in five days."}


class Agent:
    """Asks its model once for each prompt, through httpx; ``transport`` answers in its place if given."""

    def __init__(self, url: str, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._url = f"{url}/v1/chat/completions"
        self._client = httpx.AsyncClient(transport=transport)

    async def invoke(self, text: str) -> str:
        """The model's answer."""
        said: dict[str, Any] = {"model": "small", "messages": [{"role": "user", "content": text}]}
        answer = await self._client.post(self._url, json=said)
        return str(answer.json()["output"])


def config() -> FlakeStormConfig:
    """About ``TRIALS`` trials with two invariants."""
    prompts = "".join(f'  - "How do I get a refund for order {4512 + i}?"\n' for i in range(PROMPTS))
    return FlakeStormConfig.from_yaml(
        "agent: {type: python, endpoint: 'given:agent'}\n"
        f"golden_prompts:\n{prompts}mutations: {{count: {TRIALS // PROMPTS}}}\n"
        "invariants: [{type: contains, value: refund}, {type: output_not_empty}]\n"
        "advanced: {concurrency: 20, control_repeats: 1, shrink_budget: 0}\n"
    )


def rate(agent: Agent, folder: Path, wish: CassetteWish | None = None) -> float:
    """Trials a second of a whole run, the reading of the cassette included."""
    loaded = config()
    begin = perf_counter()
    wishes = Wishes(target=agent, cassette=wish, folder=RunFolder(folder))
    run = run_async(Execution(loaded, wishes).run())
    seconds = perf_counter() - begin
    if run.totals.errored or run.totals.failed:
        raise SystemExit(f"{run.totals}: the figure would mean nothing")
    return run.totals.trials / seconds


def main() -> None:
    """Record once, then take turns: the cassette, a live model on this machine, and no transport at all."""
    process, port = start_agent(0)
    url = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        tape = folder / "tape.jsonl"
        at_once = httpx.MockTransport(lambda _: httpx.Response(200, json=ANSWER))
        try:
            recorded = rate(Agent(url), folder, CassetteWish(tape, Mode.ALL))
            rates = [
                (
                    rate(Agent(url), folder, CassetteWish(tape, Mode.NONE)),
                    rate(Agent(url), folder),
                    rate(Agent(url, at_once), folder),
                )
                for _ in range(3)
            ]
        finally:
            process.kill()
            process.wait()
    played, live, bare = (max(found) for found in zip(*rates, strict=True))
    print(
        f"cassette: {played:,.0f} trials/s played, {live:,.0f} from a live model on this machine, ratio "
        f"{played / live:.2f} (aim: 0.80); {bare:,.0f} with httpx's transport replaced, ratio "
        f"{played / bare:.2f}; {recorded:,.0f} while recording"
    )


if __name__ == "__main__":
    main()
