"""Many clients at once, each of them well-behaved or nearly so."""

from __future__ import annotations

from flakestorm.model.attack import Attack, Crowd, Due, Then, Timing
from flakestorm.mutations.protocol.recipes import OWN_REPLY, Draws, attack, line

FAMILY = "concurrent_request_pattern"


@attack(FAMILY)
def same_at_once(draws: Draws) -> Attack:
    """Sends the same request from many clients at once."""
    return Attack(crowd=Crowd(copies=draws.between(4, 32)))


@attack(FAMILY)
def released_together(draws: Draws) -> Attack:
    """Sends the same request from many clients, the last bytes of all at the same moment."""
    return Attack(crowd=Crowd(copies=draws.between(4, 32), together=True))


@attack(FAMILY, (OWN_REPLY,))
def interleaved_sessions(draws: Draws) -> Attack:
    """Sends prompts with different markers at once: nobody must get another one's answer."""
    return Attack(crowd=Crowd(copies=draws.between(3, 16), together=True, marked=True), marker=draws.marker)


@attack(FAMILY, (OWN_REPLY,))
def interleaved_slowly(draws: Draws) -> Attack:
    """Sends prompts with different markers at once, in pieces, so that they arrive mixed."""
    return Attack(
        crowd=Crowd(copies=draws.between(3, 12), marked=True),
        timing=Timing(head_steps=3, body_steps=3, pause_s=0.05),
        marker=draws.marker,
    )


@attack(FAMILY)
def burst_then_quiet(draws: Draws) -> Attack:
    """Sends bursts with silence between them, in which servers give up what they need for the next."""
    return Attack(crowd=Crowd(copies=draws.between(4, 24), rounds=3, quiet_s=round(0.1 + draws.intensity, 3)))


@attack(FAMILY)
def duplicate_submission(draws: Draws) -> Attack:
    """Sends the same request twice at once with the same key, as an impatient user does."""
    key = draws.marker
    return Attack(
        headers=(line("Idempotency-Key", key), line("X-Request-ID", key)),
        crowd=Crowd(copies=2, together=True),
    )


@attack(FAMILY)
def duplicate_pipelined(draws: Draws) -> Attack:
    """Sends the same request twice on one connection with the same key."""
    key = draws.marker
    return Attack(headers=(line("Idempotency-Key", key), line("X-Request-ID", key)), pipelined=2)


@attack(FAMILY)
def abandoned_requests(draws: Draws) -> Attack:
    """Sends the request from many clients that hang up before the answer comes."""
    return Attack(Due.NOTHING, crowd=Crowd(copies=draws.between(4, 32)), timing=Timing(then=Then.CLOSE))


@attack(FAMILY)
def reset_requests(draws: Draws) -> Attack:
    """Sends the request from many clients that break the connection off before the answer comes."""
    return Attack(Due.NOTHING, crowd=Crowd(copies=draws.between(4, 32)), timing=Timing(then=Then.RESET))


@attack(FAMILY)
def connection_churn(draws: Draws) -> Attack:
    """Connects and hangs up again and again without a word."""
    return Attack(
        Due.NOTHING,
        crowd=Crowd(copies=draws.between(8, 64), rounds=2),
        timing=Timing(stop_at=0.0, then=Then.CLOSE),
    )


@attack(FAMILY)
def same_and_closing(draws: Draws) -> Attack:
    """Sends the same request from many clients that want the connection closed afterwards."""
    return Attack(headers=(line("Connection", "close"),), crowd=Crowd(copies=draws.between(4, 32)))
