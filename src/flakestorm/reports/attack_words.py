"""An attack on the protocol in words: what differed from the ordinary request, and what was seen of it.

Everything that came from the wire is hostile text: whoever shows the rows must make it harmless.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from flakestorm.model.attack import Attack
from flakestorm.model.record import TrialRecord
from flakestorm.model.wire import Heartbeat, Wire, WireExchange

Row = tuple[str, str]
"""(what it is about, in words)"""

LONGEST = 120
"""Characters of one piece of what was sent."""
EXCERPT = 300
"""Characters of an answer."""
PIECES = 8
KINDS = 6
"""So many kinds of endings are told apart; with more of them the rest is counted."""

NAMES = {
    "due": "owed to it",
    "drop": "headers left out",
    "newline": "line ends",
    "before": "before the request",
    "after": "behind the request",
    "crowd": "clients",
    "pipelined": "times on a connection",
}
PARTS = {
    "whole": "‹the ordinary body›",
    "until_prompt": "‹the body up to the end of the prompt›",
    "after_prompt": "‹the body behind the prompt›",
    "until_brace": "‹the body up to its first brace›",
    "after_brace": "‹the body behind its first brace›",
}


def attack_rows(record: TrialRecord) -> list[Row]:
    """What to say of an attack; nothing for trials that disturb the text."""
    mutation, wire = record.trial.mutation, record.outcome.wire
    rows: list[Row] = []
    if mutation is not None and mutation.attack is not None:
        rows += [("attack", mutation.operator), *_recipe(mutation.attack)]
    if wire is not None:
        rows += _seen(wire)
    return rows


def _recipe(attack: Attack) -> Iterator[Row]:
    """What differs from the ordinary request for the golden prompt, and nothing else."""
    for name, value in attack.to_dict().items():
        yield NAMES.get(name, name), _words(value)


def _words(value: Any) -> str:
    if isinstance(value, dict):
        parts = (f"{name.replace('_', ' ')} {_words(one)}" for name, one in value.items())
        return ", ".join(parts)
    if isinstance(value, (list, tuple)):
        shown = [_piece(one) if isinstance(one, dict) else _words(one) for one in value[:PIECES]]
        left = len(value) - PIECES
        return " + ".join(shown) + (f" + {left} more" if left > 0 else "") if shown else "nothing"
    return _quoted(value) if isinstance(value, str) else json.dumps(value)


def _piece(piece: dict[str, Any]) -> str:
    text = PARTS.get(piece.get("part", ""), "") or _quoted(piece.get("text", ""))
    if piece.get("charset"):
        text += f" in {piece['charset']}"
    times = piece.get("times", 1)
    return text if times == 1 else f"{text} × {times:,}"


def _quoted(text: str) -> str:
    """``text`` shortened, with its line ends and control characters written out."""
    if len(text) > LONGEST:
        text = f"{text[: LONGEST // 2]}…{text[-LONGEST // 3 :]}"
    return json.dumps(text, ensure_ascii=True).replace("\\u2026", "…")


def _seen(wire: Wire) -> Iterator[Row]:
    if wire.exchanges:
        yield "came back", "; ".join(_endings(wire.exchanges))
        answer = wire.telling.body
        if answer:
            yield "answer", answer[:EXCERPT]
    yield "other clients", _meanwhile(wire.heartbeat)
    yield "afterwards", wire.unhealthy or "the golden prompt is answered as before"


def _endings(exchanges: tuple[WireExchange, ...]) -> Iterator[str]:
    """How the exchanges ended, those that ended alike in one phrase."""
    alike: dict[tuple[str, int | None], list[WireExchange]] = {}
    for exchange in exchanges:
        alike.setdefault((exchange.ended.value.replace("_", " "), exchange.status), []).append(exchange)
    for (ended, status), some in list(alike.items())[:KINDS]:
        times = f"{len(some):,} × " if len(exchanges) > 1 else ""
        code = "" if status is None else f" {status}"
        sent = max(exchange.sent for exchange in some)
        all_sent = "" if all(exchange.all_sent for exchange in some) else ", not all that was meant"
        yield f"{times}{ended}{code} after {_span(some)} ({sent:,} bytes sent{all_sent})"
    rest = sum(map(len, list(alike.values())[KINDS:]))
    if rest:
        yield f"{rest:,} others"


def _span(exchanges: list[WireExchange]) -> str:
    fastest, slowest = (pick(exchange.elapsed_ms for exchange in exchanges) for pick in (min, max))
    return f"{slowest:,.0f} ms" if len(exchanges) == 1 else f"{fastest:,.0f}–{slowest:,.0f} ms"


def _meanwhile(heartbeat: Heartbeat) -> str:
    asked = heartbeat.served + heartbeat.failed
    if not asked:
        return "none were sent meanwhile"
    words = (
        f"{heartbeat.served:,} of {asked:,} requests served meanwhile, the slowest in "
        f"{heartbeat.worst_ms:,.0f} ms (undisturbed {heartbeat.undisturbed_ms:,.0f} ms)"
    )
    return f"{words}: {heartbeat.problem}" if heartbeat.problem else words
