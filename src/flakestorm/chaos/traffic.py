"""One trial's traffic: every call passes here, gets its effect, and is remembered."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import replace
from hashlib import blake2b
from threading import Event, Lock
from time import perf_counter
from typing import Protocol

from flakestorm.chaos.effect import NOTHING, Effect
from flakestorm.chaos.recorded import Recorded, Recorder, Recordings, Tape, Unrecorded
from flakestorm.chaos.request import CallRequest
from flakestorm.model.outcome import KEPT_CHARACTERS, Call
from flakestorm.model.retry_after import retry_after_s

MOST_CALLS = 1000
"""Further calls of a trial are counted, and not kept: a retry storm must not fill the memory."""


class Faulty(Protocol):
    """What decides about calls: the faults of a scenario, for one trial."""

    def effect(self, request: CallRequest) -> Effect:
        """What happens to this call. Once per call, in order of arrival, one thread at a time."""
        ...

    def ended(self, effect: Effect) -> Effect | None:
        """The call with ``effect`` is over.

        What really came of it, where that differs from what was decided: a fault that changed nothing did
        not fire, and only the answer shows whether it could. None leaves ``effect`` as it is.
        """
        ...


class OpenCall:
    """A call under way. ``close`` it once, when the agent got everything that it will get.

    ``over`` is set when it is closed, from either side: what still waits on behalf of the call can stop.
    """

    def __init__(self, traffic: Traffic, request: CallRequest, effect: Effect, started: float) -> None:
        self.request = request
        self.effect = effect
        self.over = Event()
        self.is_unrecorded = False
        self.tape: Tape | None = None
        self._traffic = traffic
        self._started = started

    @property
    def is_taped(self) -> bool:
        """Whether what upstream answers is to be kept."""
        return self._traffic.recorder is not None

    def recorded(self, content: bytes | None = None) -> Recorded | None:
        """Asked when the call would go upstream, with ``content`` as its body unless that is None.

        The recorded answer to it; or None, then it goes on, and a ``tape`` that is there wants to know what
        comes. Raises ``Unrecorded`` where it must not go on.
        """
        request = self.request if content is None else replace(self.request, body=content)
        return self._traffic.recorded(self, request)

    def close(
        self,
        status: int | None = None,
        ended: str = "",
        received: bytes | str = b"",
        tokens: int | None = None,
    ) -> None:
        """Note how the call ended; see ``Call`` for the arguments."""
        text = received if isinstance(received, str) else received.decode("utf-8", "replace")
        self._traffic.note(self, status, ended, text[:KEPT_CHARACTERS], tokens, self._started)


class Traffic:
    """The calls of one trial, in the order in which they began. Safe to use from several threads.

    ``recordings`` may answer them instead of upstream, and ``recorder`` keeps what upstream answers.
    ``unrecorded`` says why calls were not made: then the trial shows nothing about the agent.
    """

    def __init__(
        self,
        trial_id: str,
        faults: Faulty | None = None,
        redact: Callable[[str], str] = lambda text: text,
        recordings: Recordings | None = None,
        recorder: Recorder | None = None,
    ) -> None:
        self.trial_id = trial_id
        self.seen = 0
        self.unrecorded: list[str] = []
        self.recorder = recorder
        self._recordings = recordings
        self._faults = faults
        self._redact = redact
        self._begin = perf_counter()
        self._lock = Lock()
        self._calls: list[tuple[float, Call]] = []
        self._open: dict[OpenCall, float] = {}

    def open(self, request: CallRequest) -> OpenCall:
        """A call begins; its ``effect`` says what happens to it."""
        with self._lock:
            self.seen += 1
            effect = self._faults.effect(request) if self._faults is not None else NOTHING
            call = OpenCall(self, request, effect, perf_counter())
            self._open[call] = 0.0
        return call

    def recorded(self, call: OpenCall, request: CallRequest) -> Recorded | None:
        """See ``OpenCall.recorded``."""
        with self._lock:
            if self._recordings is not None:
                try:
                    found = self._recordings.answer(request)
                except Unrecorded as missing:
                    call.is_unrecorded = True
                    self.unrecorded.append(str(missing))
                    raise
                if found is not None:
                    return found
            if self.recorder is not None:
                call.tape = Tape(self.recorder.begin(request), request)
        return None

    def note(
        self, call: OpenCall, status: int | None, ended: str, text: str, tokens: int | None, started: float
    ) -> None:
        """Keep what ``OpenCall.close`` was told; closing twice changes nothing."""
        with self._lock:
            if self._open.pop(call, None) is None:
                return
            call.over.set()
            if call.tape is not None:
                call.tape.end("left")
            if call.is_unrecorded:
                ended = "unrecorded"
            if self._faults is not None:
                call.effect = self._faults.ended(call.effect) or call.effect
            if len(self._calls) < MOST_CALLS:
                made = self._call(call, status, ended, text, tokens, started, perf_counter())
                self._calls.append((started, made))

    def calls(self) -> tuple[Call, ...]:
        """Everything so far; calls still open are closed as ``open``."""
        for call in list(self._open):
            call.close(ended="open")
        return self.finished()

    def finished(self) -> tuple[Call, ...]:
        """The calls that are over; the others go on."""
        return tuple(call for _, call in sorted(self._calls, key=lambda pair: pair[0]))

    def _call(
        self,
        call: OpenCall,
        status: int | None,
        ended: str,
        text: str,
        tokens: int | None,
        started: float,
        now: float,
    ) -> Call:
        request, effect = call.request, call.effect
        return Call(
            kind=request.kind,
            name=request.name,
            started_ms=round((started - self._begin) * 1000, 3),
            duration_ms=round((now - started) * 1000, 3),
            status=status,
            fired=effect.fired,
            held=effect.held,
            ended=ended,
            retry=_retry(request),
            tokens=tokens,
            method=request.method,
            url=self._redact(request.url),
            sent=_fingerprint(request),
            received=self._redact(text),
            asked_wait_ms=_asked_wait_ms(effect),
            stream=request.stream,
        )


def _retry(request: CallRequest) -> int:
    """The retry number that OpenAI's and Anthropic's SDKs declare; 0 where nothing is declared."""
    declared = request.headers.get("x-stainless-retry-count", "0")
    return int(declared) if declared.isdecimal() else 0


def _asked_wait_ms(effect: Effect) -> float | None:
    if effect.answer is None:
        return None
    seconds = retry_after_s({name.lower(): value for name, value in effect.answer.headers})
    return None if seconds is None else seconds * 1000


def _fingerprint(request: CallRequest) -> str:
    whole = b"\0".join((request.method.encode(), request.url.encode("utf-8", "replace"), request.body))
    return blake2b(whole, digest_size=6).hexdigest()


current_traffic: ContextVar[Traffic | None] = ContextVar("flakestorm_traffic", default=None)
"""The traffic of the trial in whose context code runs: how calls made in this process find their trial."""
