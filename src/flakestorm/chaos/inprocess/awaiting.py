"""Takes a call of async code through its effect."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
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
from flakestorm.chaos.inprocess.words import AsyncReply, Words
from flakestorm.chaos.recorded import NO_ANSWER, Recorded, Tape, Unrecorded, refusal
from flakestorm.chaos.traffic import OpenCall

AsyncUpstream = Callable[[bytes | None], Awaitable[AsyncReply]]
"""Makes the real call, with another request body unless that is None."""


async def async_passed(call: OpenCall, words: Words, upstream: AsyncUpstream) -> AsyncReply:
    """What the agent gets for ``call``. Raises what its library would raise."""
    passage = Passage(call, words)
    try:
        for silence in passage.opening():
            await _wait(passage, silence)
        return await _reply(passage, upstream)
    except Broken as broken:
        passage.note(broken.ended)
        raise broken.error from None
    except BaseException as error:
        passage.failed(error)
        raise


async def _reply(passage: Passage, upstream: AsyncUpstream) -> AsyncReply:
    effect, request = passage.call.effect, passage.call.request
    if effect.answer is not None:
        return _whole(passage, effect.answer)
    try:
        reply = await _asked(passage, upstream)
    except Unrecorded as missing:
        return _whole(passage, refusal(str(missing)))
    if effect.lost:
        await _drained(reply)
        raise passage.lost()
    if not has_body(request, reply.status):
        return _given(passage, reply, streamed=True, shaped=False)
    streamed = is_streamed(request, reply.status, reply.headers)
    if effect.rewrite is not None and not streamed:
        body = await _drained(reply)
        return _whole(passage, changed(effect, Answer(reply.status, reply.headers, body)))
    shaped = effect.shaper is not None
    pieces = reply.pieces
    if shaped and not streamed:
        pieces = _one(await _drained(reply))
    headers = unframed(reply.headers) if shaped or effect.framing else reply.headers
    # The pieces of a stream stay pieces, even where all of them are there.
    whole = None if streamed else reply.body
    return _given(
        passage, AsyncReply(reply.status, headers, pieces, reply.close, body=whole), streamed, shaped
    )


async def _asked(passage: Passage, upstream: AsyncUpstream) -> AsyncReply:
    """What comes from upstream, or from a recording of it. Raises ``Unrecorded``."""
    call, request = passage.call, passage.call.request
    content = None if call.effect.request is None else call.effect.request(request.body)
    recorded = call.recorded(content)
    if recorded is None:
        reply = await upstream(content)
        return reply if call.tape is None else _taped(reply, call.tape)
    await _wait(passage, Silence(recorded.latency_ms / 1000))
    if recorded.status == NO_ANSWER:
        raise Broken("unreachable", passage.words.refused())
    raised = raised_in(recorded)
    if raised is not None:
        raise raised
    headers = recorded_headers(request, recorded)
    pieces = _played(passage, recorded)
    return AsyncReply(recorded.status, headers, pieces, _nothing, body=whole_body(recorded))


def _taped(reply: AsyncReply, tape: Tape) -> AsyncReply:
    tape.head(reply.status, reply.headers)

    async def pieces() -> AsyncIterator[bytes]:
        try:
            async for piece in reply.pieces:
                tape.add(piece)
                yield piece
        except Exception:
            tape.end("cut")
            raise
        tape.end()

    return replace(reply, pieces=pieces())


async def _played(passage: Passage, recorded: Recorded) -> AsyncIterator[bytes]:
    before = 0.0
    for at_ms, data in recorded.chunks:
        await _wait(passage, Silence(max(0.0, at_ms - before) / 1000))
        before = at_ms
        yield data
    if recorded.ended == "cut":
        raise Broken("cut", passage.words.cut())


def _whole(passage: Passage, answer: Answer) -> AsyncReply:
    reply = AsyncReply(answer.status, framed(answer), _one(answer.body), _nothing, body=answer.body)
    return _given(passage, reply, streamed=False, shaped=False)


async def _one(body: bytes) -> AsyncIterator[bytes]:
    if body:
        yield body


async def _nothing() -> None:
    """There is no connection to let go of."""


async def _drained(reply: AsyncReply) -> bytes:
    try:
        return b"".join([piece async for piece in reply.pieces])
    finally:
        await reply.close()


def _given(passage: Passage, reply: AsyncReply, streamed: bool, shaped: bool) -> AsyncReply:
    """``reply`` as the agent sees it; the call is over when it is read or closed."""
    passage.begun(reply.status, reply.headers)
    if passage.took_whole(reply.body, shaped):
        return reply
    pieces = _pieces(passage, reply, Body(passage.call.effect, passage.words, streamed, shaped))

    async def close() -> None:
        await reply.close()
        passage.dropped()

    return AsyncReply(reply.status, reply.headers, pieces, close, passage.dropped)


async def _pieces(passage: Passage, reply: AsyncReply, body: Body) -> AsyncIterator[bytes]:
    try:
        more = True
        while more:
            piece = await anext(reply.pieces, None)
            more = piece is not None
            for step in body.finish() if piece is None else body.feed(piece):
                given = passage.given(step)
                if isinstance(given, Silence):
                    await _wait(passage, given)
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
        await reply.close()


async def _wait(passage: Passage, silence: Silence) -> None:
    if not silence.seconds and silence.error is None:
        return
    seconds, cut_short = passage.wait(silence)
    await asyncio.sleep(seconds)
    passage.waited(silence, cut_short, was_over=passage.call.over.is_set())
