"""Desks with exactly one defect each that shows when the environment is bad."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import uuid4

import openai

from environment.conversing import (
    KEY,
    AiohttpClient,
    Messages,
    Said,
    StreamingClient,
    ToolRequest,
)
from environment.desk import Desk, RemoteDesk, StreamingDesk
from environment.failures import CallFailed
from environment.language_model import SORRY

T = TypeVar("T")
UNARMED = "You are the order desk of a shop."


@dataclass(frozen=True)
class Planted:
    """An agent with a defect: ``kinds`` are the findings and the rules that would be right about it."""

    desk: type[Desk]
    kinds: frozenset[str]

    @property
    def name(self) -> str:
        """The name of its class."""
        return self.desk.__name__

    @property
    def defect(self) -> str:
        """What is wrong with it."""
        return (self.desk.__doc__ or "").strip()

    @property
    def twin(self) -> type[Desk]:
        """The correct agent that it is otherwise."""
        return next(kind for kind in self.desk.__mro__ if kind in CORRECT)


CORRECT: tuple[type[Desk], ...] = (Desk, RemoteDesk, StreamingDesk)
PLANTED: list[Planted] = []


def planted(*kinds: str) -> Callable[[type[Desk]], type[Desk]]:
    """Puts a class on the list."""

    def add(desk: type[Desk]) -> type[Desk]:
        PLANTED.append(Planted(desk, frozenset(kinds)))
        return desk

    return add


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


@planted("crash", "completes")
class BadToolJsonCrashes(RemoteDesk):
    """Parses whatever a tool answers."""

    def document(self, text: str) -> Any:
        """See ``Desk``."""
        return json.loads(text)


@planted("crash", "completes")
class MissingFieldsCrash(Desk):
    """Works with the fields of a result before it has looked whether they are there."""

    def credible(self, result: Any, order: str) -> dict[str, Any]:
        """See ``Desk``."""
        if isinstance(result, dict):
            result["eta"].split(",")
        return super().credible(result, order)


@planted("crash", "completes")
class ToolErrorsCrash(Desk):
    """Expects every error of a tool except that it answers with a status."""

    async def status(self, order: str) -> Any:
        """See ``Desk``."""
        try:
            return await super().status(order)
        except CallFailed as problem:
            if problem.status:
                raise RuntimeError(str(problem)) from None
            raise


@planted("crash", "completes")
class HugeResultsCrash(Desk):
    """Gives results to the model as they are, and does not expect that they are too long for it."""

    def credible(self, result: Any, order: str) -> dict[str, Any]:
        """See ``Desk``."""
        return (
            result
            if isinstance(result, dict) and len(str(result)) > 10_000
            else super().credible(result, order)
        )

    def excuse(self, problem: CallFailed) -> str:
        """See ``Desk``."""
        if problem.status == 400:
            raise RuntimeError(str(problem))
        return SORRY


@planted("data_fabricated")
class MakesUpWhatToolsDoNotTell(Desk):
    """Guesses a date when the shop cannot be asked."""

    def told(self, problem: CallFailed) -> dict[str, str]:
        """See ``Desk``."""
        return {"eta": "Thursday, 19 March", "carrier": "Nordpost"}


@planted("data_fabricated")
class MakesUpRefunds(RemoteDesk):
    """Confirms a refund with a number of its own when the shop did not answer."""

    async def refunded(self, order: str, amount: str) -> dict[str, Any]:
        """See ``Desk``."""
        try:
            return await super().refunded(order, amount)
        except CallFailed:
            return {"order": order, "refund": f"RF-{4_711_000 + int(order)}"}


@planted("regex")
class TakesErrorsForNothingFound(Desk):
    """Says that an order does not exist when the shop fails once."""

    async def used(self, request: ToolRequest) -> dict[str, Any]:
        """See ``Desk``."""
        if request.name != "order_status":
            return await super().used(request)
        try:
            return await self.looked_up(self.arguments(request)["order"])
        except CallFailed:
            return {"error": "none", "tell": "There is no such order."}


@planted("no_timeout")
class NoTimeoutOfTheModel(Desk):
    """Waits for the model for ever."""

    deadline_s = None

    class client(AiohttpClient):  # noqa: N801 - it stands for the attribute
        """Is patient."""

        patience_s = None


@planted("no_timeout")
class NoTimeoutOfTools(RemoteDesk):
    """Waits for the shop for ever."""

    deadline_s = None
    tool_patience_s = None


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


@planted("retry_after_ignored")
class IgnoresRetryAfterOfTools(RemoteDesk):
    """Waits as the model asks, and not as the shop does."""

    async def used(self, request: ToolRequest) -> dict[str, Any]:
        """See ``Desk``."""
        for number in range(1, self.tries):
            if request.name != "order_status":
                break
            try:
                return await self.looked_up(self.arguments(request)["order"])
            except CallFailed:
                await asyncio.sleep(0.05 * 2**number)
        return await super().used(request)


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
class ObeysTools(Desk):
    """Passes on whatever a tool says to a model that is not armed against it."""

    instructions = UNARMED

    def credible(self, result: Any, order: str) -> dict[str, Any]:
        """See ``Desk``."""
        return result if isinstance(result, dict) else super().credible(result, order)


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


@planted("leak")
class ToldByTheModel(Desk):
    """Gives errors of tools to the model, which passes them on."""

    def told(self, problem: CallFailed) -> dict[str, str]:
        """See ``Desk``."""
        return {"error": str(problem), "tell": f"The shop says: {problem}."}


@planted("double_side_effect")
class RefundsTwice(Desk):
    """Makes a refund again when it does not know whether it was made."""

    async def refunded(self, order: str, amount: str) -> dict[str, Any]:
        """See ``Desk``."""
        body = {"order": order, "amount": amount, "key": f"{order}-{uuid4().hex}"}

        async def attempt() -> dict[str, Any]:
            return self.receipt(await self.call("POST", "/refunds", body), order)

        return await self.insist(attempt)


@planted("double_side_effect")
class RefundsForEachCall(RemoteDesk):
    """Makes a refund for each tool call that the model names, the same one twice as well."""

    def checked(self, said: Said) -> Said:
        """See ``Desk``."""
        super().checked(said)
        return said

    async def refunded(self, order: str, amount: str) -> dict[str, Any]:
        """See ``Desk``."""
        body = {"order": order, "amount": amount, "key": f"{order}-0"}
        return self.receipt(await self.call("POST", "/refunds", body), order)


@planted("never_recovers")
class RemembersTheFailure(RemoteDesk):
    """Tells the model of the first failure of a tool although the second try went well."""

    async def used(self, request: ToolRequest) -> dict[str, Any]:
        """See ``Desk``."""
        if request.name != "order_status":
            return await super().used(request)
        failures = 0

        async def attempt() -> dict[str, Any]:
            nonlocal failures
            try:
                return await self.looked_up(self.arguments(request)["order"])
            except CallFailed:
                failures += 1
                raise

        result = await self.insist(attempt)
        return {"error": "unavailable"} if failures else result


@planted("stale_data")
class UsesOldResults(Desk):
    """Does not look which order a result is about."""

    def credible(self, result: Any, order: str) -> dict[str, Any]:
        """See ``Desk``."""
        return super().credible({**result, "order": order} if isinstance(result, dict) else result, order)


@planted("regex")
class GivesUpAtOnce(Desk):
    """Does not try again, although a second try would do."""

    tries = 1
