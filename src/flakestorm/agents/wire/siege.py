"""A whole attack: the agent before it, all its clients, the others meanwhile, and the agent afterwards."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

from flakestorm.agents.wire.exchange import Line, WireClient
from flakestorm.agents.wire.gate import Gate
from flakestorm.agents.wire.golden_request import GoldenRequest
from flakestorm.agents.wire.heartbeat import PAUSE_S, TRIES, Ask, beats, described, unhealthy
from flakestorm.agents.wire.script import Script
from flakestorm.model.attack import Attack
from flakestorm.model.outcome import ErrorKind, Outcome, OutcomeError
from flakestorm.model.wire import Ended, Wire, WireExchange

KEPT_CHARACTERS = 1 << 16
"""Of all bodies together; a crowd shares them."""

Golden = Callable[[str], GoldenRequest]
"""The ordinary request for the golden prompt with this text behind it."""

KINDS = {
    Ended.REFUSED: ErrorKind.REFUSED,
    Ended.TIMEOUT: ErrorKind.TIMEOUT,
    Ended.NOT_HTTP: ErrorKind.BAD_REPLY,
    Ended.ANSWERED: ErrorKind.STATUS,
}


async def besiege(attack: Attack, golden: Golden, line: Line) -> Outcome:
    """The outcome of ``attack`` with its ``wire``.

    All waiting is bounded by the timeout of ``line``, which the parts of an attack have one after the
    other. An agent that does not answer an ordinary request is not attacked: the outcome is an error.
    Raises ``Unsendable`` where the golden prompt does not fit into a request.
    """
    script = await asyncio.to_thread(Script.of, Attack(), golden(""))

    async def ask() -> WireExchange:
        return await WireClient(line, script).run()

    usual = await _usual(ask)
    if not _is_good(usual):
        return _not_attacked(usual)
    over = asyncio.Event()
    others = asyncio.create_task(beats(ask, usual, over))
    try:
        exchanges = await _attack(attack, golden, line)
        over.set()
        heartbeat = await others
    finally:
        others.cancel()
    wire = Wire(_shortened(exchanges), heartbeat, await unhealthy(ask, usual.status or 0))
    telling = wire.telling
    return Outcome(telling.elapsed_ms, telling.body, status=telling.status, wire=wire)


async def _usual(ask: Ask) -> WireExchange:
    """What an ordinary request gets, tried again for agents that fail now and then."""
    for number in range(TRIES):
        if number:
            await asyncio.sleep(PAUSE_S)
        exchange = await ask()
        if _is_good(exchange):
            break
    return exchange


def _is_good(exchange: WireExchange) -> bool:
    return exchange.ended is Ended.ANSWERED and exchange.status is not None and exchange.status < 400


def _not_attacked(usual: WireExchange) -> Outcome:
    message = f"not attacked, because an ordinary request just before it failed: {described(usual)}"
    kind = KINDS.get(usual.ended, ErrorKind.DISCONNECTED)
    return Outcome(
        usual.elapsed_ms, error=OutcomeError(kind, message, usual.body[:2000]), status=usual.status
    )


async def _attack(attack: Attack, golden: Golden, line: Line) -> list[WireExchange]:
    crowd = attack.crowd
    # Pauses together take half of the agent's timeout at most, so that a slow client alone is no timeout.
    longest = line.timeout_s / 2
    seconds = attack.timing.seconds
    pace = min(1.0, longest / seconds) if seconds else 1.0
    markers = [f"{attack.marker}-{number:03d}" if crowd.marked else "" for number in range(crowd.copies)]
    scripts = await asyncio.to_thread(_scripts, attack, golden, pace, markers)
    exchanges: list[WireExchange] = []
    for number in range(crowd.rounds):
        if number:
            await asyncio.sleep(min(crowd.quiet_s, longest))
        gate = Gate(crowd.copies) if crowd.together else None
        clients = [WireClient(line, script, gate).run() for script in scripts]
        made = await asyncio.gather(*clients)
        exchanges += [replace(e, marker=marker) for e, marker in zip(made, markers, strict=True)]
    return exchanges


def _scripts(attack: Attack, golden: Golden, pace: float, markers: list[str]) -> list[Script]:
    if not attack.crowd.marked:
        return [Script.of(attack, golden(""), pace)] * len(markers)
    return [Script.of(attack, golden(f" (Reference {marker})"), pace) for marker in markers]


def _shortened(exchanges: list[WireExchange]) -> tuple[WireExchange, ...]:
    share = KEPT_CHARACTERS // len(exchanges)
    return tuple(replace(exchange, body=exchange.body[:share]) for exchange in exchanges)
