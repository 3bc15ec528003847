"""Agents behind an HTTP endpoint: prompts go out in a request template, replies come out of answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Protocol
from uuid import uuid4

from multidict import CIMultiDict
from yarl import URL

from flakestorm.agents.config import AgentConfig
from flakestorm.agents.conversation import messages, transcript
from flakestorm.agents.http_exchange import TRIAL_HEADER, Exchange, HttpCall, HttpExchanger
from flakestorm.agents.port import Request
from flakestorm.agents.reachability import check_reachable
from flakestorm.agents.registry import agent_kind
from flakestorm.agents.reply_body import ReplyReader
from flakestorm.agents.reply_path import reply_from_value
from flakestorm.agents.request_parts import RequestParts
from flakestorm.agents.request_template import Fill, Unsendable
from flakestorm.agents.reset import call_reset, load_reset_function
from flakestorm.agents.wire.exchange import Line
from flakestorm.agents.wire.golden_request import GoldenRequest, golden_request
from flakestorm.agents.wire.siege import besiege
from flakestorm.model.attack import Attack
from flakestorm.model.errors import WorkError
from flakestorm.model.outcome import ErrorKind, Outcome, OutcomeError


class Parts(Protocol):
    """What a request is made of, by what fills it: a user's template, or the body of a known API."""

    method: str
    headers: CIMultiDict[str]

    @property
    def takes_messages(self) -> bool:
        """Whether each request holds the whole conversation, with the replies so far."""
        ...

    def url(self, fill: Fill) -> URL:
        """The URL to send to. Raises ``Unsendable``."""
        ...

    def body(self, fill: Fill) -> bytes | None:
        """The body to send. Raises ``Unsendable``."""
        ...


class HttpAgent:
    """The agent at ``config.endpoint``, which gets the requests that ``parts`` makes.

    A conversation is sent turn by turn where the agent can follow it: with ``agent.session``, or when the
    template has ``{messages}``. Otherwise its turns go out as one transcript. Each turn has the whole
    timeout; the outcome's times are those of the last turn.
    """

    def __init__(self, config: AgentConfig, parts: Parts, reader: ReplyReader) -> None:
        self._parts = parts
        self._config = config
        self._url = URL(config.endpoint)
        self._session = config.session
        self._cookies = parts.headers.get("Cookie", "")
        self._turn_by_turn = config.session is not None or parts.takes_messages
        self._reset_function = load_reset_function(config)
        self._exchanger = HttpExchanger(config, parts.headers, reader)

    async def preflight(self) -> None:
        """Raise ``AgentUnreachable`` within two seconds when nothing listens at the endpoint."""
        await check_reachable(self._url, self._config.verify_tls)

    async def send(self, request: Request) -> Outcome:
        """The outcome of one invocation; see ``agents.port``."""
        session = uuid4().hex if self._session is not None else ""
        turns = request.turns
        if len(turns) == 1 or not self._turn_by_turn:
            text = transcript(turns)
            spoken = messages((text,)) if self._parts.takes_messages else []
            exchange = await self._exchange(Fill(text, spoken, session), request.trial_id, session)
            return exchange.outcome
        return await self._converse(turns, request.trial_id, session)

    async def attack(self, attack: Attack, request: Request) -> Outcome:
        """The outcome of an attack on the protocol; see ``agents.port``."""

        def golden(behind: str) -> GoldenRequest:
            session = uuid4().hex if self._session is not None else ""
            text = transcript(request.turns) + behind
            return golden_request(self._parts, text, self._headers(request.trial_id, session), session)

        line = Line(self._url, self._config.verify_tls, self._config.timeout / 1000)
        try:
            return await besiege(attack, golden, line)
        except Unsendable as unsendable:
            return _unsendable(unsendable)

    async def reset(self) -> None:
        """Call the reset function and post to the reset endpoint, where configured."""
        if self._reset_function is not None:
            await call_reset(self._reset_function, self._config.timeout / 1000)
        if self._config.reset_endpoint is not None:
            url = self._url.join(URL(self._config.reset_endpoint))
            error = await self._exchanger.post(url)
            if error is not None:
                raise WorkError(
                    f"agent.reset_endpoint: POST {url} failed: {error.message}. A reset must answer 2xx."
                )

    async def aclose(self) -> None:
        """Close all connections."""
        await self._exchanger.aclose()

    async def _converse(self, turns: tuple[str, ...], trial_id: str, session: str) -> Outcome:
        replies: list[str] = []
        for number, turn in enumerate(turns, start=1):
            spoken = messages(turns[:number], replies)
            exchange = await self._exchange(Fill(turn, spoken, session), trial_id, session)
            outcome = exchange.outcome
            if outcome.error is not None:
                message = f"turn {number} of {len(turns)}: {outcome.error.message}"
                return replace(outcome, replies=tuple(replies), error=replace(outcome.error, message=message))
            replies.append(outcome.reply or "")
            if self._session is not None and self._session.cookie is not None:
                # An agent that makes up its own session ids hands them out with the first answer.
                session = exchange.cookies.get(self._session.cookie, session)
        return replace(outcome, replies=tuple(replies[:-1]))

    async def _exchange(self, fill: Fill, trial_id: str, session: str) -> Exchange:
        try:
            call = HttpCall(
                self._parts.method,
                self._parts.url(fill),
                self._parts.body(fill),
                self._headers(trial_id, session),
            )
        except Unsendable as unsendable:
            return Exchange(_unsendable(unsendable), {})
        return await self._exchanger.exchange(call)

    def _headers(self, trial_id: str, session: str) -> Mapping[str, str]:
        headers = {TRIAL_HEADER: trial_id} if trial_id else {}
        if self._session is None:
            return headers
        if self._session.header is not None:
            headers[self._session.header] = session
        elif self._session.cookie is not None:
            own = f"{self._session.cookie}={session}"
            headers["Cookie"] = f"{self._cookies}; {own}" if self._cookies else own
        return headers


def _unsendable(unsendable: Unsendable) -> Outcome:
    return Outcome(0.0, error=OutcomeError(ErrorKind.UNSENDABLE, str(unsendable)))


def reply_reader(config: AgentConfig) -> ReplyReader:
    """Reads answers as ``config`` says."""
    path = config.response_path
    return ReplyReader(
        limit=config.max_reply_bytes,
        stream=config.stream,
        find=partial(reply_from_value, path=path),
        path=path,
        json_only=path is not None,
    )


@agent_kind("http")
def http_agent(config: AgentConfig) -> HttpAgent:
    """An agent behind an HTTP endpoint."""
    return HttpAgent(config, RequestParts(config), reply_reader(config))
