"""One call from its arrival to its end: what its effect says is done to it, between caller and upstream."""

from __future__ import annotations

import asyncio
import json

from flakestorm.chaos.gateway.answering import Answering
from flakestorm.chaos.gateway.caller import Caller, CallerLeft
from flakestorm.chaos.gateway.codings import Undecodable, only_readable
from flakestorm.chaos.gateway.delivery import Delivery
from flakestorm.chaos.gateway.headers import Raw, for_upstream, octets
from flakestorm.chaos.gateway.playing import Played, Taped
from flakestorm.chaos.gateway.tunnel import Tunnel
from flakestorm.chaos.gateway.upstream import Upstream, UpstreamDown
from flakestorm.chaos.recorded import NO_ANSWER, Unrecorded, refusal
from flakestorm.chaos.traffic import OpenCall

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
        self._delivery = Delivery(caller, call)

    async def run(self) -> None:
        """Do it all; however it ends, the call is closed with what the caller got."""
        caller = self._caller
        try:
            await self._perform()
        except (CallerLeft, asyncio.CancelledError):
            # SDKs close a stream at its last word, without reading to the end.
            self._delivery.ended = "" if caller.received.is_terminated else "left"
            raise
        except BaseException:
            self._delivery.ended = "broken"
            raise
        finally:
            received = caller.received
            self._call.close(caller.status, self._delivery.ended, received.text, received.tokens)

    async def _perform(self) -> None:
        effect = self._call.effect
        if effect.delay_ms:
            await asyncio.sleep(effect.delay_ms / 1000)
        if effect.connection:
            await self._fail()
        elif effect.answer is not None:
            await self._delivery.give(effect.answer, effect.framing)
        else:
            try:
                await self._connect()
            except (UpstreamDown, Undecodable) as error:
                self._explain(str(error))
            except Unrecorded as missing:
                await self._delivery.give(refusal(str(missing)))

    async def _connect(self) -> None:
        request, effect = self._call.request, self._call.effect
        content = None if effect.request is None else effect.request(request.body)
        recorded = self._call.recorded(content)
        if recorded is not None and recorded.status == NO_ANSWER:
            await asyncio.sleep(recorded.latency_ms / 1000)
            self._delivery.ended = "reset"
            await self._caller.reset()
            return
        if request.method == "CONNECT":
            await Tunnel(self._caller).run(request.url)
            return
        if recorded is not None:
            await asyncio.sleep(recorded.latency_ms / 1000)
            await self._delivery.pass_on(Played(recorded, request))
            return
        response = await self._ask(content)
        try:
            tape = self._call.tape
            await self._delivery.pass_on(response if tape is None else Taped(response, tape))
        finally:
            # Ends the upstream's work, too, when the caller has gone.
            response.close()

    async def _fail(self) -> None:
        effect = self._call.effect
        if effect.connection == "hang":
            await self._delivery.hang()
            self._caller.close()
            return
        # A connection that has been accepted can no longer be refused; a reset comes nearest.
        self._delivery.ended = "reset"
        await self._caller.reset()

    async def _ask(self, content: bytes | None) -> Answering:
        request, effect = self._call.request, self._call.effect
        coding = None
        if not effect.is_nothing or self._call.tape is not None:
            # The answer has to be read to be changed, or to be kept.
            coding = only_readable(request.headers.get("accept-encoding", ""))
        body = request.body if content is None else content
        headers = for_upstream(self._headers, coding=coding, resized=content is not None)
        harmless = request.kind == "llm"
        return await self._upstream.ask(request.method, request.url, headers, body, harmless=harmless)

    def _explain(self, why: str) -> None:
        """The upstream cannot be asked, or not be read: that is nobody's fault but the surroundings'."""
        self._delivery.ended = "unreachable"
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
