"""Answers, the upstream's and made-up ones, on their way to the caller, changed or not."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from math import inf

from flakestorm.chaos.effect import Answer, Ending, Framing, Pause, Shaper, Step
from flakestorm.chaos.gateway.caller import WITHOUT_BODY, Caller, CallerLeft
from flakestorm.chaos.gateway.codings import Undecodable, decoder
from flakestorm.chaos.gateway.headers import for_caller, octets, text, without_framing
from flakestorm.chaos.gateway.playing import Response
from flakestorm.chaos.gateway.upstream import FAILURES
from flakestorm.chaos.inprocess.passage import is_streamed
from flakestorm.chaos.traffic import OpenCall

MORE_BYTES = 64
"""How many bytes are announced and never sent, where the length is wrong on purpose."""
ENDLESS = 1 << 30


class Delivery:
    """What ``caller`` gets in ``call``. ``ended`` says how, where it is no complete answer (see ``Call``)."""

    def __init__(self, caller: Caller, call: OpenCall) -> None:
        self.ended = ""
        self._caller = caller
        self._call = call

    async def pass_on(self, response: Response) -> None:
        """The upstream's answer. Raises ``Undecodable`` before anything was sent, and ``CallerLeft``."""
        effect = self._call.effect
        try:
            if effect.lost:
                async for _ in response.content.iter_any():
                    pass
                self.ended = "reset"
                await self._caller.reset()
            elif not self._changes(response):
                await self._untouched(response)
            elif is_streamed(self._call.request, response.status, tuple(text(response.raw_headers))):
                await self._stream(response)
            else:
                await self._whole(response)
        except CallerLeft:
            raise
        except (*FAILURES, Undecodable) as error:
            if isinstance(error, Undecodable) and self._caller.status is None:
                raise
            # The upstream broke off in mid-answer, and the caller sees just that.
            self.ended = "cut"
            await self._caller.reset()

    def _changes(self, response: Response) -> bool:
        """Whether the body has to be looked at; an answer may be without one."""
        effect = self._call.effect
        has_body = response.method != "HEAD" and response.status not in WITHOUT_BODY
        return has_body and bool(effect.rewrite or effect.shaper or effect.framing)

    async def _untouched(self, response: Response) -> None:
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

    async def _whole(self, response: Response) -> None:
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
            await self.give(changed, effect.framing, reason)

    async def _shaped(self, answer: Answer, shaper: Shaper, reason: str | None) -> None:
        """A whole answer through a shaper, as one piece."""
        steps = _until_end([*shaper.feed(answer.body), *shaper.finish()])
        made = b"".join(step for step in steps if isinstance(step, bytes))
        broken = bool(steps) and steps[-1] in (Ending.RESET, Ending.HANG)
        length = max(len(made) + 1, len(answer.body)) if broken else len(made)
        self._begin(answer, length, reason)
        if not await self._take(steps):
            self._caller.end()

    async def _stream(self, response: Response) -> None:
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
                    self.ended = "cut"
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
            self.ended = "cut"
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
            await self.hang()
        self.ended = self.ended or "reset"
        await self._caller.reset()

    async def hang(self) -> None:
        """Silence for as long as the effect says; the connection is to be ended afterwards."""
        await asyncio.sleep(self._call.effect.hang_ms / 1000 or inf)
        self.ended = "hung"

    async def give(self, answer: Answer, framing: Framing = "", reason: str | None = None) -> None:
        """A whole answer, perhaps in a broken frame."""
        caller = self._caller
        if framing == "bad_chunk":
            caller.begin(answer.status, reason, _unframed(answer))
            caller.write(answer.body[: len(answer.body) // 2])
            self.ended = "cut"
            caller.break_chunk()
            return
        self._begin(answer, len(answer.body) + (MORE_BYTES if framing else 0), reason)
        caller.write(answer.body)
        if framing:
            self.ended = "cut"
            caller.close()
        else:
            caller.end()
            await caller.drain()

    def _begin(self, answer: Answer, length: int, reason: str | None) -> None:
        headers = _unframed(answer)
        if answer.status not in WITHOUT_BODY:
            headers.append((b"Content-Length", b"%d" % length))
        self._caller.begin(answer.status, reason, headers)


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
