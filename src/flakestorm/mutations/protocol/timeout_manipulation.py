"""Clients that are slow, silent, or there and not listening; each for a few seconds at most."""

from __future__ import annotations

from flakestorm.model.attack import Attack, Due, Framing, Piece, Then, Timing
from flakestorm.mutations.protocol.recipes import WHOLE, Draws, attack, line

FAMILY = "timeout_manipulation"
STEPS = 10


def _pause(draws: Draws, steps: int = STEPS) -> float:
    return round(draws.wait_s / steps, 3)


@attack(FAMILY)
def slow_headers(draws: Draws) -> Attack:
    """Sends the headers a few bytes at a time."""
    return Attack(timing=Timing(head_steps=STEPS + 1, pause_s=_pause(draws)))


@attack(FAMILY)
def slow_body(draws: Draws) -> Attack:
    """Sends the body a few bytes at a time."""
    return Attack(timing=Timing(body_steps=STEPS + 1, pause_s=_pause(draws)))


@attack(FAMILY)
def slow_chunks(draws: Draws) -> Attack:
    """Sends the body in small chunks with pauses between them."""
    return Attack(
        body=(Piece(" ", 40), *WHOLE),
        framing=Framing((), ("chunked",), "{x}", chunk_bytes=8),
        timing=Timing(body_steps=STEPS + 1, pause_s=_pause(draws)),
    )


@attack(FAMILY)
def slow_all(draws: Draws) -> Attack:
    """Sends headers and body in two halves each, with long pauses."""
    return Attack(timing=Timing(head_steps=2, body_steps=2, pause_s=_pause(draws, 3)))


@attack(FAMILY)
def held_open(draws: Draws) -> Attack:
    """Connects and says nothing."""
    return Attack(Due.NOTHING, timing=Timing(stop_at=0.0, hold_s=draws.wait_s))


@attack(FAMILY)
def held_in_headers(draws: Draws) -> Attack:
    """Stops in the middle of the headers and stays."""
    return Attack(Due.NOTHING, timing=Timing(stop_at=0.5, hold_s=draws.wait_s))


@attack(FAMILY)
def held_before_body(draws: Draws) -> Attack:
    """Sends the headers, stays, and never sends the body."""
    return Attack(Due.NOTHING, timing=Timing(stop_at=1.0, hold_s=draws.wait_s))


@attack(FAMILY)
def held_in_body(draws: Draws) -> Attack:
    """Stops in the middle of the body and stays."""
    return Attack(Due.NOTHING, timing=Timing(stop_at=1.5, hold_s=draws.wait_s))


@attack(FAMILY)
def held_after_answer(draws: Draws) -> Attack:
    """Gets its answer and keeps the connection without using it."""
    return Attack(timing=Timing(then=Then.KEEP, hold_s=draws.wait_s))


@attack(FAMILY)
def half_closed(draws: Draws) -> Attack:
    """Says right after the request that it will send no more, which many servers take for a farewell."""
    close = draws.rng.random() < 0.5
    headers = (line("Connection", "close"),) if close else ()
    return Attack(Due.ANSWER_OR_CLOSE, headers=headers, timing=Timing(then=Then.HALF_CLOSE))


@attack(FAMILY)
def half_closed_early(draws: Draws) -> Attack:
    """Says in the middle of the body that it will send no more."""
    return Attack(
        Due.NOTHING, timing=Timing(stop_at=1.5, then=Then.HALF_CLOSE, hold_s=min(1.0, draws.wait_s))
    )


@attack(FAMILY)
def stops_reading(draws: Draws) -> Attack:
    """Sends many requests on one connection and reads none of the answers."""
    return Attack(
        Due.NOTHING,
        pipelined=draws.between(10, 100),
        timing=Timing(then=Then.IGNORE, hold_s=draws.wait_s),
    )


@attack(FAMILY)
def breaks_off_late(draws: Draws) -> Attack:
    """Waits for the answer for a while, then breaks the connection off without reading."""
    return Attack(Due.NOTHING, timing=Timing(then=Then.RESET, hold_s=round(draws.wait_s / 3, 3)))


@attack(FAMILY)
def late_body(draws: Draws) -> Attack:
    """Asks for permission to send the body, and sends it long after."""
    return Attack(
        headers=(line("Expect", "100-continue"),),
        timing=Timing(head_steps=1, body_steps=2, pause_s=draws.wait_s),
    )


@attack(FAMILY)
def trickling_headers(draws: Draws) -> Attack:
    """Sends one more header every now and then, and never the end of them."""
    count = draws.between(20, 60)
    return Attack(
        Due.NOTHING,
        headers=(Piece("X-More-#: #\r\n", count, numbered=True),),
        timing=Timing(head_steps=STEPS, pause_s=_pause(draws), stop_at=0.95, hold_s=0.1),
    )
