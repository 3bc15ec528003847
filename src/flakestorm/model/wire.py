"""What was seen on the wire during an attack: the answers, the other clients, and the agent afterwards."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import Enum
from typing import Any


class Ended(str, Enum):
    """How an exchange of bytes ended."""

    ANSWERED = "answered"
    """With a complete answer."""
    CLOSED = "closed"
    """The server closed the connection without an answer."""
    RESET = "reset"
    """The server broke the connection off without an answer."""
    CUT = "cut"
    """In the middle of the answer."""
    NOT_HTTP = "not_http"
    """What came back is not HTTP."""
    TIMEOUT = "timeout"
    """No complete answer, and no end of the connection, in time."""
    LEFT = "left"
    """The client went away, as it meant to."""
    REFUSED = "refused"
    """No connection could be made."""

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True, slots=True)
class WireExchange:
    """One request and what came back. ``headers`` and ``body`` are hostile text; ``body`` is an excerpt.

    ``elapsed_ms`` counts from the start of connecting to the end. ``sent`` is the number of bytes that were
    written, and ``all_sent`` tells whether these were all. ``marker`` is the one in this client's prompt.
    """

    ended: Ended
    elapsed_ms: float
    sent: int = 0
    all_sent: bool = True
    status: int | None = None
    headers: tuple[tuple[str, str], ...] = ()
    body: str = ""
    marker: str = ""

    def header(self, name: str) -> str:
        """The value of the first header called ``name`` (in lower case), or an empty string."""
        return next((value for key, value in self.headers if key.lower() == name), "")


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """Ordinary requests for the golden prompt that were sent on other connections during the attack.

    ``undisturbed_ms`` is what one took just before. ``worst_ms`` is the slowest that was served;
    ``problem`` says what became of the first that was not, even when it was tried again.
    """

    undisturbed_ms: float
    served: int
    failed: int
    worst_ms: float
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Wire:
    """All of it. ``unhealthy`` says why the golden prompt was not answered afterwards, or is empty."""

    exchanges: tuple[WireExchange, ...]
    heartbeat: Heartbeat
    unhealthy: str = ""

    @property
    def telling(self) -> WireExchange:
        """The exchange that says most: a server error before a missing answer before any other."""
        return min(self.exchanges, key=_interest)

    @property
    def requests(self) -> int:
        """Requests to the agent: those of the attack, of the other clients, and one before and after it."""
        return len(self.exchanges) + self.heartbeat.served + self.heartbeat.failed + 2

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        exchanges = [
            {**asdict(e), "ended": e.ended.value, "headers": [list(pair) for pair in e.headers]}
            for e in self.exchanges
        ]
        return {"exchanges": exchanges, "heartbeat": asdict(self.heartbeat), "unhealthy": self.unhealthy}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Wire:
        """What ``to_dict`` described. Raises ``KeyError``, ``TypeError`` or ``ValueError`` otherwise."""
        exchanges = tuple(
            WireExchange(
                **{
                    **exchange,
                    "ended": Ended(exchange["ended"]),
                    "headers": tuple((name, value) for name, value in exchange["headers"]),
                }
            )
            for exchange in data["exchanges"]
        )
        return cls(exchanges, Heartbeat(**data["heartbeat"]), data["unhealthy"])


def _interest(exchange: WireExchange) -> int:
    if exchange.status is not None and exchange.status >= 500:
        return 0
    return 1 if exchange.ended in (Ended.TIMEOUT, Ended.CUT, Ended.CLOSED, Ended.RESET) else 2
