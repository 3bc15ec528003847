"""Desks with one defect each that shows when their tools are bad."""

from __future__ import annotations

import asyncio
import json
from typing import Any
from uuid import uuid4

from environment.conversing import Said, ToolRequest
from environment.desk import Desk, RemoteDesk
from environment.failures import CallFailed
from environment.language_model import SORRY, UNARMED
from environment.planting import planted


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
class NoTimeoutOfTools(RemoteDesk):
    """Waits for the shop for ever."""

    deadline_s = None
    tool_patience_s = None


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


@planted("injection_obeyed")
class ObeysTools(Desk):
    """Passes on whatever a tool says to a model that is not armed against it."""

    instructions = UNARMED

    def credible(self, result: Any, order: str) -> dict[str, Any]:
        """See ``Desk``."""
        return result if isinstance(result, dict) else super().credible(result, order)


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
