"""A call as cassettes know it: what was asked, and what was answered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Asked:
    """One LLM, tool or HTTP call.

    ``kind`` is llm, tool or http; ``name`` is the model, the tool or the host. ``headers`` have lower-case
    names; they are read for secrets and for the body's type, and never written.
    """

    kind: str
    name: str
    provider: str = ""
    method: str = "POST"
    url: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Answered:
    """What came: ``chunks`` are (milliseconds since the head, bytes), ``latency_ms`` is up to the head.

    ``ended`` is "" for a complete answer, ``cut`` where the connection broke and ``left`` where the caller
    read no further. The status is 0 where nobody answered.
    """

    status: int
    headers: tuple[tuple[str, str], ...]
    chunks: tuple[tuple[float, bytes], ...]
    latency_ms: float = 0.0
    ended: str = ""

    @property
    def body(self) -> bytes:
        """All chunks together."""
        return b"".join(data for _, data in self.chunks)


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a cassette.

    ``key`` is the digest of ``request``, the call's canonical form without secrets. ``trial`` is the trial
    that made it and ``occurrence`` how many equal ones that trial had made before.
    """

    key: str
    trial: str
    occurrence: int
    request: str
    answer: Answered

    @property
    def place(self) -> tuple[str, str, int]:
        """Which call of which trial it is: a cassette has one answer to it."""
        return self.trial, self.key, self.occurrence
