"""An outcome: what happened when a trial was run."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import Enum
from typing import Any

from flakestorm.model.wire import Wire


class ErrorKind(str, Enum):
    """Why there is no reply. The agent's own faults and unreachable agents are told apart."""

    STATUS = "status"
    """The agent answered with an HTTP status other than 2xx, or a program ended with a code other than 0."""
    TIMEOUT = "timeout"
    """No complete reply before the deadline."""
    EXCEPTION = "exception"
    """The agent's Python code raised, or called ``sys.exit``."""
    DISCONNECTED = "disconnected"
    """The connection was lost before the reply was complete."""
    BAD_REPLY = "bad_reply"
    """Something came back, but not a reply: not UTF-8, not JSON where JSON is configured, path missing."""
    TOO_LARGE = "too_large"
    """The reply is larger than the limit."""
    REDIRECT = "redirect"
    """A redirect loop, or a redirect that must not be followed."""
    REFUSED = "refused"
    """Nothing listens at the address."""
    DNS = "dns"
    """The host name has no address."""
    TLS = "tls"
    """The secure connection could not be made."""
    DIED = "died"
    """The served agent's process ended while it was handling the trial."""
    UNRECORDED = "unrecorded"
    """The agent made a call that the cassette does not have, so that it got no true answer."""
    UNSENDABLE = "unsendable"
    """The trial cannot be expressed for this kind of agent (a NUL in a program's argument, say)."""

    def __str__(self) -> str:
        return self.value


UNREACHABLE = frozenset({ErrorKind.REFUSED, ErrorKind.DNS, ErrorKind.TLS})
"""Nothing was reached: these say nothing about the agent's behaviour."""

AGENT_FAULTS = frozenset(ErrorKind) - UNREACHABLE - {ErrorKind.UNSENDABLE, ErrorKind.UNRECORDED}
"""The agent was reached and did not deliver: ``completes`` fails on these."""


@dataclass(frozen=True, slots=True)
class OutcomeError:
    """Why a trial has no reply: data, not an exception.

    ``message`` is one line for people; ``detail`` is hostile text (body, stderr, traceback), cut short.
    """

    kind: ErrorKind
    message: str
    detail: str = ""


KEPT_CHARACTERS = 2000
"""So much of what the agent received in one call is kept as evidence."""


@dataclass(frozen=True, slots=True)
class Call:
    """One LLM or tool call that the agent made during a trial.

    ``kind`` is llm, tool, or http for a call that is neither; ``name`` is the model or the tool.
    ``started_ms`` counts from the start of the trial. ``fired`` names the faults that fired in it, ``held``
    those that matched it and did not, each with the reason. ``ended`` says how it ended when the agent got no
    complete answer (reset, cut, hung, left, unreachable, unrecorded). ``retry`` is the number that an SDK
    declares for a retry, 0 for a first try. ``sent`` is a digest of method, URL and body: equal ones are the
    same request. ``received`` is the beginning of what the agent got, as text, redacted. ``asked_wait_ms`` is
    how long the answer asked to wait before the next try, where it did. ``stream`` says that the answer was
    asked for piece by piece.
    """

    kind: str
    name: str
    started_ms: float
    duration_ms: float
    status: int | None = None
    fired: tuple[str, ...] = ()
    held: tuple[str, ...] = ()
    ended: str = ""
    retry: int = 0
    tokens: int | None = None
    method: str = ""
    url: str = ""
    sent: str = ""
    received: str = ""
    asked_wait_ms: float | None = None
    stream: bool = False

    def to_dict(self) -> dict[str, Any]:
        """The public JSON form (plain lists, strings, numbers)."""
        return {**asdict(self), "fired": list(self.fired), "held": list(self.held)}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Call:
        """The call that ``to_dict`` described. Raises ``KeyError`` or ``TypeError`` on another shape."""
        return cls(**{**data, "fired": tuple(data["fired"]), "held": tuple(data.get("held", ()))})


@dataclass(frozen=True, slots=True)
class Outcome:
    """Either ``reply`` or ``error`` is set, never both.

    Times are milliseconds from sending the request; ``first_byte_ms`` is None where the agent cannot
    stream. ``status`` is the HTTP status or the exit code of a program. ``replies`` holds the answers to
    the earlier turns of a conversation. ``retry_after_s`` is what a 429 or 503 asked for. ``attempts`` > 1
    means that transport faults were retried. ``wire`` is what an attack on the protocol showed; ``reply`` and
    ``status`` are then those of its most telling exchange, whatever the status is.
    """

    latency_ms: float
    reply: str | None = None
    error: OutcomeError | None = None
    first_byte_ms: float | None = None
    status: int | None = None
    replies: tuple[str, ...] = ()
    calls: tuple[Call, ...] = ()
    retry_after_s: float | None = None
    attempts: int = 1
    wire: Wire | None = None

    @property
    def asks_for_less(self) -> bool:
        """Whether the agent had too much to do."""
        return self.status == 429 or (self.status == 503 and self.retry_after_s is not None)

    @property
    def faults_fired(self) -> int:
        """How many environment faults fired during the trial."""
        return sum(len(call.fired) for call in self.calls)
