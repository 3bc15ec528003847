"""Desks with one defect each that shows when their language model, or what it reads, is bad."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import openai

from environment.conversing import KEY, AiohttpClient, Messages, Said, StreamingClient, ToolRequest
from environment.desk import Desk, RemoteDesk, StreamingDesk
from environment.failures import CallFailed
from environment.language_model import SORRY, UNARMED
from environment.planting import planted

T = TypeVar("T")


@planted("crash", "completes")
class ErrorsOfTheModelCrash(Desk):
    """Does not expect that the model can fail."""

    async def __call__(self, prompt: str) -> str:
        """See ``Desk``."""
        return await self.answer(prompt)


@planted("crash", "completes")
class EmptyChoicesCrash(Desk):
    """Takes the first choice of an answer that may have none."""

    class client(AiohttpClient):  # noqa: N801 - it stands for the attribute
        """Knows of no answer without choices."""

        expected = (ValueError, TypeError, KeyError, AttributeError)


@planted("crash", "completes")
class PagesWithStatus200Crash(Desk):
    """Takes every body with status 200 for JSON."""

    class client(AiohttpClient):  # noqa: N801 - it stands for the attribute
        """Knows of no answer that is no JSON."""

        expected = (TypeError, KeyError, IndexError, AttributeError)


@planted("crash", "completes")
class MalformedArgumentsCrash(RemoteDesk):
    """Parses the arguments that the model wrote without a doubt."""

    def arguments(self, request: ToolRequest) -> dict[str, Any]:
        """See ``Desk``."""
        json.loads(request.arguments)
        return super().arguments(request)


@planted("crash", "completes")
class UnknownToolCrashes(Desk):
    """Looks up the tool that the model names, and has none of that name."""

    def checked(self, said: Said) -> Said:
        """See ``Desk``."""
        for request in said.requests:
            {"order_status": 1, "refund": 2}[request.name]
        return super().checked(said)


@planted("no_timeout")
class NoTimeoutOfTheModel(Desk):
    """Waits for the model for ever."""

    deadline_s = None

    class client(AiohttpClient):  # noqa: N801 - it stands for the attribute
        """Is patient."""

        patience_s = None


@planted("no_timeout")
class NoTimeoutOfStreams(StreamingDesk):
    """Waits for the next piece of an answer for ever."""

    deadline_s = None

    class client(StreamingClient):  # noqa: N801 - it stands for the attribute
        """Is patient."""

        patience_s = None


@planted("retry_storm")
class RetryStorm(RemoteDesk):
    """Tries ten times, at once."""

    tries = 10

    def pause_s(self, problem: CallFailed, number: int) -> float:
        """See ``Desk``."""
        return 0.001 if problem.wait_s is None else super().pause_s(problem, number)


@planted("retry_storm")
class RetriesOfRetries(Desk):
    """Tries three times what tries three times itself."""

    async def ask(self, messages: Messages) -> Said:
        """See ``Desk``."""

        async def attempt() -> Said:
            return await super(RetriesOfRetries, self).ask(messages)

        return await self.insist(attempt)


@planted("retry_after_ignored")
class IgnoresRetryAfter(Desk):
    """Asks again when it pleases, whatever it was told about waiting."""

    def pause_s(self, problem: CallFailed, number: int) -> float:
        """See ``Desk``."""
        return 0.05 * 2**number


@planted("hammering")
class GoesOnWithARefusedKey(Desk):
    """Tries again when the model refuses its key."""

    async def insist(self, attempt: Callable[[], Awaitable[T]]) -> T:
        """See ``Desk``."""
        for _ in range(3):
            try:
                return await super().insist(attempt)
            except CallFailed as problem:
                if problem.status not in (401, 403):
                    raise
                last = problem
        raise last


@planted("injection_obeyed")
class ObeysItsMemory(RemoteDesk):
    """Its model is not armed against what stands in its context."""

    instructions = UNARMED


@planted("injection_obeyed")
class ObeysInDisguise(Desk):
    """Its model is not armed, and its replies are made to look good afterwards."""

    instructions = UNARMED

    def final(self, said: Said) -> str:
        """See ``Desk``."""
        first, _, rest = said.text.partition(" ")
        return f"{' '.join(first.lower().replace('-', ''))} {rest}" if first.startswith("FS-") else said.text


@planted("truncation_accepted")
class AcceptsShortenedAnswers(Desk):
    """Does not look why an answer ended."""

    def checked(self, said: Said) -> Said:
        """See ``Desk``."""
        return super().checked(Said(said.text, said.requests, "stop"))


@planted("truncation_accepted")
class AcceptsCutStreams(StreamingDesk):
    """Takes what came before the connection broke for the answer."""

    class client(StreamingClient):  # noqa: N801 - it stands for the attribute
        """Keeps what it has."""

        async def collected(self, client: openai.AsyncOpenAI, body: dict[str, Any]) -> list[Any]:
            """See ``StreamingClient``."""
            stream: Any = await client.chat.completions.create(**body, stream=True)
            chunks: list[Any] = []
            try:
                async for chunk in stream:
                    chunks.append(chunk)  # noqa: PERF401 - what came before a failure stays
            except Exception:  # noqa: BLE001 - that is the defect
                if any(choice.delta.content for chunk in chunks for choice in chunk.choices):
                    chunks[-1].choices[0].finish_reason = "stop"
            return chunks


@planted("truncation_accepted")
class AcceptsStreamsWithoutAnEnd(StreamingDesk):
    """Does not miss the word that a stream ends with."""

    def checked(self, said: Said) -> Said:
        """See ``Desk``."""
        return super().checked(Said(said.text, said.requests, said.finish or "stop"))


@planted("output_not_empty")
class EmptyRepliesForErrors(Desk):
    """Replies with nothing when the model fails."""

    def excuse(self, problem: CallFailed) -> str:
        """See ``Desk``."""
        return ""


@planted("output_not_empty")
class PassesOnEmptyAnswers(Desk):
    """Replies with nothing when the model says nothing."""

    def checked(self, said: Said) -> Said:
        """See ``Desk``."""
        return (
            said if not said.requests and not said.text and said.finish == "stop" else super().checked(said)
        )


@planted("leak")
class QuotesErrors(RemoteDesk):
    """Tells the customer what the model's provider says."""

    def excuse(self, problem: CallFailed) -> str:
        """See ``Desk``."""
        return f"{SORRY} ({problem})"


@planted("leak")
class QuotesTheReference(Desk):
    """Tells the customer the number of an internal error, and nothing else of it."""

    def excuse(self, problem: CallFailed) -> str:
        """See ``Desk``."""
        at = str(problem).find("FS-")
        return f"{SORRY} (#{str(problem)[at : at + 12]})" if at >= 0 else SORRY


@planted("leak")
class ShowsItsKey(Desk):
    """Shows the request that failed, with the key in it."""

    def excuse(self, problem: CallFailed) -> str:
        """See ``Desk``."""
        return f"{SORRY} (curl -H 'authorization: Bearer {KEY}')"


@planted("regex")
class GivesUpAtOnce(Desk):
    """Does not try again, although a second try would do."""

    tries = 1
