"""One HTTP request and its answer, timed: what the agents that are reached over HTTP share.

This is the hot path of most runs, so everything that does not change between requests is made once.
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from time import perf_counter
from typing import NamedTuple

from yarl import URL

from flakestorm.agents.config import AgentConfig
from flakestorm.agents.connections import Connections
from flakestorm.agents.deadlines import Deadline, Deadlines
from flakestorm.agents.http_answer import Answer
from flakestorm.agents.reply_body import EXCERPT, Progress, ReplyReader
from flakestorm.agents.request_head import RequestHeads
from flakestorm.agents.transport_errors import TRANSPORT_ERRORS, AnswerFailed, NotConnected, outcome_error
from flakestorm.model.outcome import ErrorKind, Outcome, OutcomeError
from flakestorm.model.retry_after import retry_after_s

TRIAL_HEADER = "x-flakestorm-trial"
"""Carries the trial's id, so that the agent's own calls and log lines can be told apart."""

MOST_REDIRECTS = 5
REDIRECTS = frozenset({301, 302, 303, 307, 308})

HINTS = {
    401: "; is the key in agent.headers right?",
    403: "; is the key in agent.headers right?",
    404: "; is the path in agent.endpoint right?",
    405: "; is agent.method right?",
    415: "; is the content-type in agent.headers right?",
    422: "; does agent.request_template have the form that the agent expects?",
}


class HttpCall(NamedTuple):
    """One request, ready to be sent."""

    method: str
    url: URL
    body: bytes | None
    headers: Mapping[str, str]


class Exchange(NamedTuple):
    """What came of a request: the outcome, and the cookies that the agent set."""

    outcome: Outcome
    cookies: Mapping[str, str]


NO_COOKIES: Mapping[str, str] = {}


class HttpExchanger:
    """Sends requests over kept connections and reads the answers with ``reader``.

    ``headers`` go with each request. Must be made inside a running event loop.

    An agent may close a kept connection just when the next request goes out on it. That is no fault, but
    looks like one, so the request is sent once more on a connection of its own. From then on none is kept:
    on a connection of its own nothing can be mistaken, and so no further fault of the agent is hidden.
    """

    def __init__(self, config: AgentConfig, headers: Mapping[str, str], reader: ReplyReader) -> None:
        self._reader = reader
        self._timeout_ms = config.timeout
        self._follow = config.follow_redirects
        self._heads = RequestHeads(headers)
        self._connections = Connections(config.verify_tls)
        self._deadlines = Deadlines(config.timeout / 1000)

    async def exchange(self, call: HttpCall) -> Exchange:
        """Send ``call`` and read its answer; whatever goes wrong is in the outcome."""
        progress = Progress(perf_counter())
        with self._deadlines.begin() as deadline:
            try:
                answer = await self._send(call, progress, deadline)
                if answer.status in REDIRECTS:
                    answer = await self._redirected(call, answer, progress, deadline)
                progress.status = answer.status
                if not 200 <= answer.status < 300:
                    return Exchange(await self._status_outcome(answer, progress), NO_COOKIES)
                reply = await self._reader.read(answer, progress)
            except TRANSPORT_ERRORS as error:
                failed = outcome_error(error, self._timeout_ms, str(progress))
                if isinstance(error, AnswerFailed) and error.status is not None:
                    progress.status = error.status
                return Exchange(_outcome(progress, error=failed), NO_COOKIES)
        return Exchange(_outcome(progress, reply=reply), answer.cookies)

    async def post(self, url: URL) -> OutcomeError | None:
        """POST ``url`` without a body; the error if it does not answer 2xx."""
        progress = Progress(perf_counter())
        with self._deadlines.begin() as deadline:
            try:
                answer = await self._request(HttpCall("POST", url, None, {}), deadline)
                progress.status = answer.status
                if 200 <= answer.status < 300:
                    return None
                return (await self._status_outcome(answer, progress)).error
            except TRANSPORT_ERRORS as error:
                return outcome_error(error, self._timeout_ms, str(progress))

    async def aclose(self) -> None:
        """Close all connections."""
        self._deadlines.close()
        await self._connections.aclose()

    async def _send(self, call: HttpCall, progress: Progress, deadline: Deadline) -> Answer:
        try:
            return await self._request(call, deadline)
        except OSError as lost:
            if not deadline.is_stale:
                raise
            self._connections.keeps = False
            progress.started = perf_counter()
            progress.attempts = 2
            try:
                return await self._request(call, deadline)
            except NotConnected:
                # The agent has gone: it was no stale connection.
                raise lost from None

    async def _request(self, call: HttpCall, deadline: Deadline) -> Answer:
        """The answer as soon as its head is there."""
        head = self._heads.head(call.method, call.url, call.headers, call.body)
        connection = await self._connections.take(call.url, deadline.left())
        answer = connection.request(head, call.body or b"", call.method == "HEAD")
        deadline.watch(answer, connection.was_used)
        await answer.head()
        return answer

    async def _redirected(
        self, call: HttpCall, response: Answer, progress: Progress, deadline: Deadline
    ) -> Answer:
        """The answer at the end of the redirects. Raises ``AnswerFailed`` where they must not be followed."""
        seen = {call.url}
        while response.status in REDIRECTS and "Location" in response.headers:
            target = self._target(call.url, response)
            if target in seen or len(seen) > MOST_REDIRECTS:
                why = "goes round in a circle" if target in seen else "goes on and on"
                raise _redirect_error(response, f"the redirect to {str(target)[:200]!r} {why}")
            seen.add(target)
            # Only 303 asks for a GET; turning a 301 or 302 into one would lose the prompt.
            if response.status == HTTPStatus.SEE_OTHER:
                call = HttpCall("GET", target, None, call.headers)
            else:
                call = HttpCall(call.method, target, call.body, call.headers)
            response = await self._send(call, progress, deadline)
        return response

    def _target(self, url: URL, response: Answer) -> URL:
        location = response.headers["Location"]
        try:
            target = url.join(URL(location))
            same = target.origin() == url.origin()
        except ValueError:
            raise _redirect_error(response, f"the redirect to {location[:200]!r} is no address") from None
        if not self._follow:
            raise _redirect_error(
                response, f"the agent redirects to {str(target)[:200]!r}; set agent.endpoint to it"
            )
        if not same:
            raise _redirect_error(
                response,
                f"the agent redirects to another host, {str(target)[:200]!r}, which must not see the "
                "headers meant for this one; set agent.endpoint to it",
            )
        return target

    async def _status_outcome(self, response: Answer, progress: Progress) -> Outcome:
        try:
            excerpt = await response.read()
            while len(excerpt) < EXCERPT * 4 and (more := await response.read()):
                excerpt += more
        except TRANSPORT_ERRORS:
            # The status says enough; the body of an error is a courtesy.
            excerpt = b""
        error = OutcomeError(
            ErrorKind.STATUS,
            f"the agent answered {_status_text(response.status)}{HINTS.get(response.status, '')}",
            excerpt[: EXCERPT * 4].decode("utf-8", "replace")[:EXCERPT],
        )
        return _outcome(progress, error=error, retry_after=retry_after_s(response.headers))


def _outcome(
    progress: Progress,
    reply: str | None = None,
    error: OutcomeError | None = None,
    retry_after: float | None = None,
) -> Outcome:
    started, first = progress.started, progress.first_byte
    return Outcome(
        latency_ms=((progress.finished or perf_counter()) - started) * 1000,
        reply=reply,
        error=error,
        first_byte_ms=None if first is None else (first - started) * 1000,
        status=progress.status,
        retry_after_s=retry_after,
        attempts=progress.attempts,
    )


def _status_text(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


def _redirect_error(response: Answer, message: str) -> AnswerFailed:
    return AnswerFailed(ErrorKind.REDIRECT, message, status=response.status)
