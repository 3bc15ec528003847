"""One call's way through its effect, without any I/O: what to wait for, what to raise, what to pass on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from flakestorm.chaos.effect import Answer, Effect, Ending, Pause, Step
from flakestorm.chaos.inprocess.words import Headers, Words
from flakestorm.chaos.received import Received
from flakestorm.chaos.recorded import Recorded
from flakestorm.chaos.request import CallRequest
from flakestorm.chaos.traffic import OpenCall

ENDLESS_S = 3600.0
"""A hang without a length of its own; the end of the trial ends it earlier."""

FRAMING_HEADERS = frozenset({"content-length", "transfer-encoding", "content-encoding"})
_WITHOUT_BODY = (204, 304)
_STREAMED = ("text/event-stream", "application/x-ndjson", "application/jsonl", "application/stream+json")


@dataclass(frozen=True, slots=True)
class Silence:
    """Nothing happens for ``seconds``; then ``ended`` and ``error`` say how the call fails, if it does."""

    seconds: float
    ended: str = ""
    error: Callable[[], Exception] | None = None


class Broken(Exception):
    """The call fails here on purpose: ``error`` is what the agent sees, ``ended`` what is noted."""

    def __init__(self, ended: str, error: Exception) -> None:
        super().__init__(ended)
        self.ended = ended
        self.error = error


class Passage:
    """The state of one call while its answer passes. ``status`` is None until there is an answer."""

    def __init__(self, call: OpenCall, words: Words) -> None:
        self.call = call
        self.words = words
        self.status: int | None = None
        self.received = Received()
        self._announced: int | None = None
        self._unread_is_fine = False

    def begun(self, status: int, headers: Headers) -> None:
        """The answer is there, except for its body."""
        self.status = status
        length = next((value for name, value in headers if name.lower() == "content-length"), "")
        self._announced = int(length) if length.isdecimal() else None
        # Nobody reads the body of a redirect, and some answers have none whatever length they tell.
        if not has_body(self.call.request, status) or 300 <= status < 400:
            self._unread_is_fine = True

    def took_whole(self, body: bytes | None, shaped: bool) -> bool:
        """Take ``body`` for the whole answer, which ends the call; False where it is not, or is changed."""
        if body is None or shaped or self.call.effect.framing:
            return False
        if body:
            self.received.add(body)
        self.note()
        return True

    def note(self, ended: str = "") -> None:
        """The call is over."""
        self.call.close(self.status, ended, self.received.text, self.received.tokens)

    def failed(self, error: BaseException) -> None:
        """The call is over, because the real thing raised ``error``."""
        self.note(self.words.ended(error, self.status is not None))

    def dropped(self) -> None:
        """The agent reads no further, perhaps because it has everything: few read up to the very end."""
        complete = self.received.size == self._announced or self.received.is_terminated
        self.note("" if complete or self._unread_is_fine else "left")

    def wait(self, silence: Silence) -> tuple[float, bool]:
        """How many seconds to wait now, and whether the agent's own timeout ends the silence early."""
        patience = self.words.patience_s
        if patience is None or silence.seconds < patience:
            return silence.seconds, False
        return patience, True

    def waited(self, silence: Silence, cut_short: bool, was_over: bool) -> None:
        """After the wait; ``was_over``: the trial has ended. Raises ``Broken`` where the call fails."""
        if was_over:
            raise Broken("open", self.words.cut())
        if cut_short:
            raise Broken("left", self.words.timed_out())
        if silence.error is not None:
            raise Broken(silence.ended, silence.error())

    def opening(self) -> Iterator[Silence]:
        """The silences before anything is sent. Raises ``Broken`` when nothing will be."""
        effect, words = self.call.effect, self.words
        if effect.delay_ms:
            yield Silence(effect.delay_ms / 1000)
        if effect.connection == "refused":
            raise Broken("unreachable", words.refused())
        if effect.connection == "reset":
            raise Broken("reset", words.reset())
        if effect.connection == "hang":
            yield Silence(effect.hang_ms / 1000 or ENDLESS_S, "hung", words.closed)

    def lost(self) -> Broken:
        """The answer was there, and gets lost on its way back."""
        return Broken("reset", self.words.lost())

    def given(self, piece: Step) -> bytes | Silence | None:
        """What a shaper's step means here; None ends the body in good order, a failure is raised."""
        if isinstance(piece, bytes):
            self.received.add(piece)
            return piece
        if isinstance(piece, Pause):
            return Silence(piece.ms / 1000)
        if piece is Ending.RESET:
            raise Broken("reset", self.words.cut())
        if piece is Ending.HANG:
            return Silence(self.call.effect.hang_ms / 1000 or ENDLESS_S, "hung", self.words.cut)
        return None


class Body:
    """What becomes of a body's pieces: the shaper, and broken framing.

    ``streamed`` says that they come one by one, and ``shaped`` that the shaper is for them.
    """

    def __init__(self, effect: Effect, words: Words, streamed: bool, shaped: bool) -> None:
        self._shaper = effect.shaper() if shaped and effect.shaper is not None else None
        self._streamed = streamed
        self._framing = effect.framing
        self._words = words

    def feed(self, piece: bytes) -> Iterable[Step]:
        """What the agent gets of the next piece. Raises ``Broken`` where the framing is illegal."""
        if self._framing == "bad_chunk" and not self._streamed:
            yield piece[: len(piece) // 2]
        elif self._shaper is None:
            yield piece
        else:
            yield from self._shaper.feed(piece)
        if self._framing == "bad_chunk":
            raise Broken("cut", self._words.bad_chunk())

    def finish(self) -> Iterable[Step]:
        """What comes after the last piece. Raises ``Broken`` where more bytes were announced."""
        if self._shaper is not None:
            yield from self._shaper.finish()
        if self._framing:
            raise Broken("cut", self._words.short())


def whole_body(recorded: Recorded) -> bytes | None:
    """All of a recorded body that comes in one go; None where it comes piece by piece, or not to its end."""
    if recorded.ended or any(at_ms for at_ms, _ in recorded.chunks):
        return None
    return recorded.body


def recorded_headers(request: CallRequest, recorded: Recorded) -> Headers:
    """The headers of a recorded answer; a whole one has its length."""
    if recorded.ended or is_streamed(request, recorded.status, recorded.headers):
        return recorded.headers
    return framed(Answer(recorded.status, recorded.headers, recorded.body))


def is_streamed(request: CallRequest, status: int, headers: Headers) -> bool:
    """Whether an answer comes piece by piece: by its content type, or because that was asked for."""
    kind = next((value for name, value in headers if name.lower() == "content-type"), "")
    return kind.lower().startswith(_STREAMED) or (request.stream and status < 400)


def has_body(request: CallRequest, status: int) -> bool:
    """Whether there is anything in the answer that could be changed."""
    return request.method.upper() != "HEAD" and status not in _WITHOUT_BODY


def changed(effect: Effect, answer: Answer) -> Answer:
    """A whole answer after ``rewrite``; without framing headers, because its length may be another."""
    plain = Answer(answer.status, unframed(answer.headers), answer.body)
    return plain if effect.rewrite is None else effect.rewrite(plain)


def framed(answer: Answer) -> Headers:
    """The headers of a whole answer with its length."""
    length = (("content-length", str(len(answer.body))),) if answer.status not in _WITHOUT_BODY else ()
    return unframed(answer.headers) + length


def unframed(headers: Headers) -> Headers:
    """``headers`` without the length: what passes may be longer or shorter than what was announced."""
    return tuple(pair for pair in headers if pair[0].lower() not in FRAMING_HEADERS)
