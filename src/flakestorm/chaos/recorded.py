"""Recorded answers: what a call gets instead of the real thing, and what is kept of the real thing."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter
from typing import Protocol

from flakestorm.chaos.effect import Answer
from flakestorm.chaos.received import Received
from flakestorm.chaos.request import CallRequest

Headers = tuple[tuple[str, str], ...]

NO_ANSWER = 0
"""The status of a recording in which nobody answered: the connection fails again."""

UNRECORDED_STATUS = 599
"""What a call gets that is not recorded: no server answers so, and no client takes it for its own fault."""

_OF_FRAMING = frozenset({"content-length", "content-encoding", "transfer-encoding", "trailer", "connection"})
_WITHOUT_BODY = (204, 304)
_SWITCHED = 101


@dataclass(frozen=True, slots=True)
class Recorded:
    """What upstream answered once.

    ``headers`` are without framing and ``chunks`` without content coding: (milliseconds since the head,
    bytes). ``latency_ms`` is from the request to the head. Both are waited for as they are; zeros play at
    once. ``ended`` is "" for a complete answer, ``cut`` where the connection broke after the last chunk, and
    ``left`` where the caller read no further. A Python tool's result is its JSON. With the status
    ``NO_ANSWER`` the connection is refused.
    """

    status: int
    headers: Headers
    chunks: tuple[tuple[float, bytes], ...]
    latency_ms: float = 0.0
    ended: str = ""

    @property
    def body(self) -> bytes:
        """All chunks together."""
        return b"".join(data for _, data in self.chunks)


class Unrecorded(Exception):
    """Nothing is recorded for a call, and it must not be made. The message says what is there instead."""


class Recordings(Protocol):
    """Where the calls of one trial find recorded answers."""

    def answer(self, request: CallRequest) -> Recorded | None:
        """The answer to ``request``; None lets it go on to upstream.

        Asked once for each call that would go upstream, in order of arrival, one thread at a time. Raises
        ``Unrecorded`` where the call must not be made: the trial is then errored, whatever the agent does.
        """
        ...


Keep = Callable[[Recorded], None]


class Recorder(Protocol):
    """Where answers of upstream are kept, for one trial."""

    def begin(self, request: CallRequest) -> Keep:
        """``request`` goes upstream now; what is returned is called with what came, if anything came.

        In order of arrival, one thread at a time; answers may come in any order and from any thread.
        """
        ...


class Tape:
    """One answer while it passes: its head, its pieces as they come, and its end."""

    def __init__(self, keep: Keep, request: CallRequest) -> None:
        self._keep: Keep | None = keep
        self._request = request
        self._begun = perf_counter()
        self._latency_ms = 0.0
        self._status = NO_ANSWER
        self._headers: Headers = ()
        self._announced: int | None = None
        self._received = Received()
        self._chunks: list[tuple[float, bytes]] = []

    def head(self, status: int, headers: Headers) -> None:
        """The answer begins."""
        now = perf_counter()
        self._latency_ms, self._begun = (now - self._begun) * 1000, now
        self._status = status
        framing = {name.lower(): value for name, value in headers if name.lower() in _OF_FRAMING}
        self._headers = tuple(pair for pair in headers if pair[0].lower() not in _OF_FRAMING)
        length = framing.get("content-length", "")
        if length.isdecimal() and "content-encoding" not in framing:
            self._announced = int(length)

    def add(self, data: bytes) -> None:
        """The next piece, without content coding."""
        if data:
            self._received.add(data)
            self._chunks.append(((perf_counter() - self._begun) * 1000, data))

    def end(self, ended: str = "") -> None:
        """Nothing more comes; see ``Recorded.ended``. Only the first end counts."""
        keep, self._keep = self._keep, None
        if keep is None or self._status in (NO_ANSWER, _SWITCHED):
            return
        if ended == "left" and self._has_everything():
            ended = ""
        keep(Recorded(self._status, self._headers, tuple(self._chunks), self._latency_ms, ended))

    def drop(self) -> None:
        """What came cannot be read, so nothing is kept."""
        self._keep = None

    def _has_everything(self) -> bool:
        """Few callers read on behind the last word."""
        if self._request.method.upper() == "HEAD" or self._status in _WITHOUT_BODY:
            return True
        return self._received.size == self._announced or self._received.is_terminated


def refusal(why: str) -> Answer:
    """What the agent gets for a call that is not recorded. SDKs are told not to ask again."""
    message = f"flakestorm: {why} This is no injected fault, and the trial does not count against the agent."
    body = json.dumps(
        {"error": {"message": message, "type": "flakestorm_unrecorded", "code": UNRECORDED_STATUS}}
    )
    headers = (("content-type", "application/json"), ("x-should-retry", "false"))
    return Answer(UNRECORDED_STATUS, headers, body.encode())
