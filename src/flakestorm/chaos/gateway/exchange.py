"""One call from its arrival to its end: what its effect says is done to it, between caller and upstream."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable
from math import inf

from flakestorm.chaos.effect import Answer, Ending, Framing, Pause, Shaper, Step
from flakestorm.chaos.gateway.answering import Answering
from flakestorm.chaos.gateway.caller import WITHOUT_BODY, Caller, CallerLeft
from flakestorm.chaos.gateway.codings import Undecodable, decoder, only_readable
from flakestorm.chaos.gateway.headers import Raw, for_caller, for_upstream, octets, text, without_framing
from flakestorm.chaos.gateway.tunnel import Tunnel
from flakestorm.chaos.gateway.upstream import FAILURES, Upstream, UpstreamDown
from flakestorm.chaos.inprocess.passage import is_streamed
from flakestorm.chaos.traffic import OpenCall

MORE_BYTES = 64
"""How many bytes are announced and never sent, where the length is wrong on purpose."""
ENDLESS = 1 << 30
BAD_GATEWAY = 502


class Exchange:
    """One call. ``headers`` are the request's, as they were on the wire; ``setting`` is its route's."""

    def __init__(
        self,
        caller: Caller,
        upstream: Upstream,
        call: OpenCall,
        headers: Raw,
        setting: str = "",
    ) -> None:
        self._caller = caller
        self._upstream = upstream
        self._call = call
        self._headers = headers
        self._setting = setting
        self._ended = ""

    async def run(self) -> None:
        """Do it all; however it ends, the call is closed with what the caller got."""
        caller = self._caller
        try:
            await self._perform()
        except (CallerLeft, asyncio.CancelledError):
            # SDKs close a stream at its last word, without reading to the end.
            self._ended = "" if caller.received.is_terminated else "left"
            raise
        except BaseException:
            self._ended = "broken"
            raise
        finally:
            received = caller.received
            self._call.close(caller.status, self._ended, received.text, received.tokens)

    async def _perform(self) -> None:
        effect = self._call.effect
        if effect.delay_ms:
            await asyncio.sleep(effect.delay_ms / 1000)
        if effect.connection:
            await self._fail()
        elif effect.answer is not None:
            await self._give(effect.answer, effect.framing)
        else:
            try:
                await self._connect()
            except UpstreamDown as down:
                self._explain(str(down))

    async def _connect(self) -> None:
        request = self._call.request
        if request.method == "CONNECT":
            await Tunnel(self._caller).run(request.url)
            return
        response = await self._ask()
        try:
            await self._pass_on(response)
        finally:
            # Ends the upstream's work, too, when the caller has gone.
            response.close()

    async def _fail(self) -> None:
        effect = self._call.effect
        if effect.connection == "hang":
            await self._hang()
            self._caller.close()
            return
        # A connection that has been accepted can no longer be refused; a reset comes nearest.
        self._ended = "reset"
        await self._caller.reset()

    async def _ask(self) -> Answering:
        request, effect = self._call.request, self._call.effect
        coding = None
        if not effect.is_nothing:
            # The answer has to be read to be changed.
            coding = only_readable(request.headers.get("accept-encoding", ""))
        body = request.body
        if effect.request is not None:
            body = effect.request(body)
        headers = for_upstream(self._headers, coding=coding, resized=effect.request is not None)
        harmless = request.kind == "llm"
        return await self._upstream.ask(request.method, request.url, headers, body, harmless=harmless)

    async def _pass_on(self, response: Answering) -> None:
        effect = self._call.effect
        try:
            if effect.lost:
                async for _ in response.content.iter_any():
                    pass
                self._ended = "reset"
                await self._caller.reset()
            elif not self._changes(response):
                await self._untouched(response)
            elif is_streamed(self._call.request, response.status, tuple(text(response.raw_headers))):
                await self._stream(response)
            else:
                await self._whole(response)
        except FAILURES as error:
            if isinstance(error, CallerLeft):
                raise
            # The upstream broke off in mid-answer, and the caller sees just that.
            self._ended = "cut"
            await self._caller.reset()
        except Undecodable as error:
            self._explain(str(error))

    def _changes(self, response: Answering) -> bool:
        """Whether the body has to be looked at; an answer may be without one."""
        effect = self._call.effect
        has_body = response.method != "HEAD" and response.status not in WITHOUT_BODY
        return has_body and bool(effect.rewrite or effect.shaper or effect.framing)

    async def _untouched(self, response: Answering) -> None:
        caller, content = self._caller, response.content
        caller.begin(response.status, response.reason, for_caller(response.raw_headers))
        first = content.read_nowait()
        if first:
            caller.write(first)
        elif not content.at_eof():
            caller.flush()
        while not content.at_eof():
            caller.write(await content.readany())
            await caller.drain()
        caller.end(response.trailers())

    async def _whole(self, response: Answering) -> None:
        effect = self._call.effect
        raw = await response.content.read()
        kept = for_caller(response.raw_headers)
        body = decoder(response.header("Content-Encoding")).feed(raw)
        answer = Answer(response.status, tuple(text(without_framing(kept))), body)
        if effect.rewrite is None and effect.shaper is not None:
            await self._shaped(answer, effect.shaper(), response.reason)
            return
        changed = answer if effect.rewrite is None else effect.rewrite(answer)
        if changed == answer and not effect.framing:
            self._caller.begin(response.status, response.reason, kept)
            self._caller.write(raw)
            self._caller.end()
        else:
            reason = response.reason if changed.status == response.status else None
            await self._give(changed, effect.framing, reason)

    async def _shaped(self, answer: Answer, shaper: Shaper, reason: str | None) -> None:
        """A whole answer through a shaper, as one piece."""
        steps = _until_end([*shaper.feed(answer.body), *shaper.finish()])
        made = b"".join(step for step in steps if isinstance(step, bytes))
        broken = bool(steps) and steps[-1] in (Ending.RESET, Ending.HANG)
        length = max(len(made) + 1, len(answer.body)) if broken else len(made)
        self._begin(answer, length, reason)
        if not await self._take(steps):
            self._caller.end()

    async def _stream(self, response: Answering) -> None:
        effect, caller = self._call.effect, self._caller
        decoded = decoder(response.header("Content-Encoding"))
        headers = without_framing(for_caller(response.raw_headers))
        if effect.framing == "wrong_length":
            headers.append((b"Content-Length", b"%d" % ENDLESS))
        caller.begin(response.status, response.reason, headers)
        caller.flush()
        shaper: Shaper = effect.shaper() if effect.shaper is not None else _Unshaped()
        held = b""
        async for data in response.content.iter_any():
            piece = decoded.feed(data)
            if effect.framing == "bad_chunk":
                # Not after the piece: it may be the last one, behind which SDKs do not read on.
                if not await self._take(shaper.feed(_half(piece))):
                    self._ended = "cut"
                    caller.break_chunk()
                return
            if effect.framing == "wrong_length":
                # For the same reason, the last piece is to be missing in part.
                piece, held = held, piece
            if await self._take(shaper.feed(piece)):
                return
        if held and await self._take(shaper.feed(_half(held))):
            return
        if await self._take(shaper.finish()):
            return
        if effect.framing:
            self._ended = "cut"
            caller.close()
        else:
            caller.end()

    async def _take(self, steps: Iterable[Step]) -> bool:
        """Do what a shaper asks for; True when that was the end."""
        caller = self._caller
        for step in steps:
            if isinstance(step, bytes):
                caller.write(step)
                await caller.drain()
            elif isinstance(step, Pause):
                caller.flush()
                await asyncio.sleep(step.ms / 1000)
            else:
                await self._end(step)
                return True
        return False

    async def _end(self, ending: Ending) -> None:
        if ending is Ending.CLEAN:
            self._caller.end()
            return
        if ending is Ending.HANG:
            self._caller.flush()
            await self._hang()
        self._ended = self._ended or "reset"
        await self._caller.reset()

    async def _hang(self) -> None:
        """Silence; the connection is to be ended afterwards."""
        await asyncio.sleep(self._call.effect.hang_ms / 1000 or inf)
        self._ended = "hung"

    async def _give(self, answer: Answer, framing: Framing = "", reason: str | None = None) -> None:
        """A whole answer, perhaps in a broken frame."""
        caller = self._caller
        if framing == "bad_chunk":
            caller.begin(answer.status, reason, _unframed(answer))
            caller.write(answer.body[: len(answer.body) // 2])
            self._ended = "cut"
            caller.break_chunk()
            return
        self._begin(answer, len(answer.body) + (MORE_BYTES if framing else 0), reason)
        caller.write(answer.body)
        if framing:
            self._ended = "cut"
            caller.close()
        else:
            caller.end()
            await caller.drain()

    def _begin(self, answer: Answer, length: int, reason: str | None) -> None:
        headers = _unframed(answer)
        if answer.status not in WITHOUT_BODY:
            headers.append((b"Content-Length", b"%d" % length))
        self._caller.begin(answer.status, reason, headers)

    def _explain(self, why: str) -> None:
        """The upstream cannot be asked, or not be read: that is nobody's fault but the surroundings'."""
        self._ended = "unreachable"
        where = f" ({self._setting} says where it is)" if self._setting else ""
        message = (
            f"flakestorm's gateway could not pass this call on: {why}{where}. "
            "This is no injected fault: start the upstream, or correct its address."
        )
        refuse(self._caller, BAD_GATEWAY, message)


def refuse(caller: Caller, status: int, message: str) -> None:
    """An answer of the gateway itself, in a form that most SDKs show."""
    body = json.dumps({"error": {"message": message, "type": "flakestorm_gateway", "code": status}}).encode()
    headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
    caller.begin(status, None, octets(headers))
    caller.write(body)
    caller.end()


class _Unshaped:
    """A stream as it is."""

    def feed(self, data: bytes) -> tuple[bytes, ...]:
        return (data,)

    def finish(self) -> tuple[bytes, ...]:
        return ()


def _half(data: bytes) -> bytes:
    return data[: len(data) // 2]


def _until_end(steps: list[Step]) -> list[Step]:
    for index, step in enumerate(steps):
        if isinstance(step, Ending):
            return steps[: index + 1]
    return steps


def _unframed(answer: Answer) -> list[tuple[bytes, bytes]]:
    return without_framing(octets(answer.headers))
