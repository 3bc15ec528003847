"""No false alarm: well-known servers with a plain handler withstand every attack there is."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from flakestorm.invariants.protocol_others import OthersServedRule
from flakestorm.model.mutation import Kind
from flakestorm.model.record import TrialStatus
from flakestorm.mutations.registry import operators

UNHURRIED = (OthersServedRule(max_ms=10_000),)
"""A machine that runs other tests meanwhile may be slow by itself."""

ATTACKS = [name for name, info in operators.items() if info.kind is Kind.PROTOCOL]
HEAVY = ("payload_size_attack", "resource_exhaustion", "concurrent_request_pattern")
"""These families take the server's time on purpose; together they would be another attack."""


@pytest.mark.parametrize("server", ["threading", "aiohttp", "fastapi"])
async def test_nothing_is_found(correct_server, attacked, server: str) -> None:
    """Every operator's attack passes all that it implies, and shows what is needed to say so."""
    url = correct_server(server)
    at_once = asyncio.Semaphore(6)

    async def light(name: str) -> None:
        async with at_once:
            await judged(name)

    async def judged(name: str) -> None:
        record = await attacked(url, name, rules=UNHURRIED)
        found = [(v.invariant, v.detail) for v in record.verdicts if v.status.value in ("failed", "errored")]
        assert found == [], (name, record.outcome.wire)
        assert record.status is TrialStatus.PASSED, (name, record.outcome.error)
        wire = record.outcome.wire
        assert wire is not None
        assert wire.heartbeat.served > 0
        assert wire.unhealthy == ""

    await asyncio.gather(*(light(name) for name in ATTACKS if not name.startswith(HEAVY)))
    for name in ATTACKS:
        if name.startswith(HEAVY):
            await judged(name)


@pytest.mark.parametrize(
    ("operator", "statuses"),
    [
        ("request_method_attack.get", {405, 501}),
        ("request_method_attack.unknown", {400, 405, 501}),
        ("payload_size_attack.empty_body", {400, 422}),
        ("http_header_injection.many_headers", {200, 400, 431}),
        ("protocol_level_attack.chunk_size_text", {400, 411}),
        ("query_parameter_poisoning.long_64k", {200, 400, 414}),
        ("content_type_confusion.second_document", {400, 422}),
        ("protocol_level_attack.length_text", {400, 411}),
        ("protocol_level_attack.http10_without_host", {200}),
        ("timeout_manipulation.slow_body", {200}),
        ("query_parameter_poisoning.duplicates", {200}),
    ],
)
@pytest.mark.parametrize("server", ["threading", "aiohttp", "fastapi"])
async def test_the_attack_arrives(
    correct_server: Callable[[str], str], attacked, server: str, operator: str, statuses: set[int]
) -> None:
    """What the server answers shows that it saw what the operator meant."""
    record = await attacked(correct_server(server), operator)
    assert record.outcome.status in statuses
