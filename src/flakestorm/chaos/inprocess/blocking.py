"""Takes a call of blocking code through its effect."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from flakestorm.chaos.effect import Answer
from flakestorm.chaos.inprocess.passage import (
    Body,
    Broken,
    Passage,
    Silence,
    changed,
    framed,
    has_body,
    is_streamed,
    recorded_headers,
    unframed,
    whole_body,
)
from flakestorm.chaos.inprocess.remade import raised_in
from flakestorm.chaos.inprocess.words import Reply, Words
from flakestorm.chaos.recorded import NO_ANSWER, Recorded, Tape, Unrecorded, refusal
from flakestorm.chaos.traffic import OpenCall

Upstream = Callable[[bytes | None], Reply]
"""Makes the real call, with another request body unless that is None."""


def passed(call: OpenCall, words: Words, upstream: Upstream) -> Reply:
    """What the agent gets for ``call``. Raises what its library would raise."""
    passage = Passage(call, words)
    try:
        for silence in passage.opening():
            _wait(passage, silence)
        return _reply(passage, upstream)
    except Broken as broken:
        passage.note(broken.ended)
        raise broken.error from None
    except BaseException as error:
        passage.failed(error)
        raise


def _reply(passage: Passage, upstream: Upstream) -> Reply:
    effect, request = passage.call.effect, passage.call.request
    if effect.answer is not None:
        return _whole(passage, effect.answer)
    try:
        reply = _asked(passage, upstream)
    except Unrecorded as missing:
        return _whole(passage, refusal(str(missing)))
    if effect.lost:
        _drained(reply)
        raise passage.lost()
    if not has_body(request, reply.status):
        return _given(passage, reply, streamed=True, shaped=False)
    streamed = is_streamed(request, reply.status, reply.headers)
    if effect.rewrite is not None and not streamed:
        body = _drained(reply)
        return _whole(passage, changed(effect, Answer(reply.status, reply.headers, body)))
    shaped = effect.shaper is not None
    pieces = reply.pieces
    if shaped and not streamed:
        pieces = iter((_drained(reply),))
    headers = unframed(reply.headers) if shaped or effect.framing else reply.headers
    # The pieces of a stream stay pieces, even where all of them are there.
    whole = None if streamed else reply.body
    return _given(passage, Reply(reply.status, headers, pieces, reply.close, body=whole), streamed, shaped)


def _asked(passage: Passage, upstream: Upstream) -> Reply:
    """What comes from upstream, or from a recording of it. Raises ``Unrecorded``."""
    call, request = passage.call, passage.call.request
    content = None if call.effect.request is None else call.effect.request(request.body)
    recorded = call.recorded(content)
    if recorded is None:
        reply = upstream(content)
        return reply if call.tape is None else _taped(reply, call.tape)
    _wait(passage, Silence(recorded.latency_ms / 1000))
    if recorded.status == NO_ANSWER:
        raise Broken("unreachable", passage.words.refused())
    raised = raised_in(recorded)
    if raised is not None:
        raise raised
    headers = recorded_headers(request, recorded)
    pieces = _played(passage, recorded)
    return Reply(recorded.status, headers, pieces, _nothing, body=whole_body(recorded))


def _taped(reply: Reply, tape: Tape) -> Reply:
    tape.head(reply.status, reply.headers)

    def pieces() -> Iterator[bytes]:
        try:
            for piece in reply.pieces:
                tape.add(piece)
                yield piece
        except Exception:
            tape.end("cut")
            raise
        tape.end()

    return replace(reply, pieces=pieces())


def _played(passage: Passage, recorded: Recorded) -> Iterator[bytes]:
    before = 0.0
    for at_ms, data in recorded.chunks:
        _wait(passage, Silence(max(0.0, at_ms - before) / 1000))
        before = at_ms
        yield data
    if recorded.ended == "cut":
        raise Broken("cut", passage.words.cut())


def _whole(passage: Passage, answer: Answer) -> Reply:
    pieces = iter((answer.body,) if answer.body else ())
    reply = Reply(answer.status, framed(answer), pieces, _nothing, body=answer.body)
    return _given(passage, reply, streamed=False, shaped=False)


def _nothing() -> None:
    """There is no connection to let go of."""


def _drained(reply: Reply) -> bytes:
    try:
        return b"".join(reply.pieces)
    finally:
        reply.close()


def _given(passage: Passage, reply: Reply, streamed: bool, shaped: bool) -> Reply:
    """``reply`` as the agent sees it; the call is over when it is read or closed."""
    passage.begun(reply.status, reply.headers)
    if passage.took_whole(reply.body, shaped):
        return reply
    pieces = _pieces(passage, reply, Body(passage.call.effect, passage.words, streamed, shaped))

    def close() -> None:
        # A generator that was never started does not notice that it is closed.
        reply.close()
        passage.dropped()

    return Reply(reply.status, reply.headers, pieces, close)


def _pieces(passage: Passage, reply: Reply, body: Body) -> Iterator[bytes]:
    try:
        more = True
        while more:
            piece = next(reply.pieces, None)
            more = piece is not None
            for step in body.finish() if piece is None else body.feed(piece):
                given = passage.given(step)
                if isinstance(given, Silence):
                    _wait(passage, given)
                elif given is None:
                    more = False
                    break
                elif given:
                    yield given
        passage.note()
    except Broken as broken:
        passage.note(broken.ended)
        raise broken.error from None
    except GeneratorExit:
        passage.dropped()
        raise
    except BaseException as error:
        passage.failed(error)
        raise
    finally:
        reply.close()


def _wait(passage: Passage, silence: Silence) -> None:
    if not silence.seconds and silence.error is None:
        return
    # An event instead of a sleep: nobody can end a thread, but the end of the trial ends its waiting.
    seconds, cut_short = passage.wait(silence)
    passage.waited(silence, cut_short, was_over=passage.call.over.wait(seconds))
