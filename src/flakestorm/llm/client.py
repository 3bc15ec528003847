"""The client that everybody gets: cached, redacted, retried, bounded in time, number and cost."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any
from weakref import WeakValueDictionary

from flakestorm.llm.budget import Budget
from flakestorm.llm.cache import AnswerCache
from flakestorm.llm.port import Provider
from flakestorm.model.chat import Completion, LlmErrorKind
from flakestorm.model.errors import LlmError
from flakestorm.model.randomness import draw, identifier

TRANSIENT = frozenset({LlmErrorKind.RATE_LIMIT, LlmErrorKind.TIMEOUT, LlmErrorKind.UNAVAILABLE})
"""Worth asking again."""

SEEDS = 2**31
"""Providers take seeds from 0 to one less than this."""

LONGEST_WAIT_S = 60.0
FIRST_WAIT_S = 0.5


@dataclass(frozen=True)
class Terms:
    """How one model is asked. ``identity`` (provider, model, address) names it in the cache and in messages;
    ``lacking`` is why it cannot be asked.
    """

    identity: tuple[str, ...]
    timeout_s: float = 60.0
    retries: int = 3
    lacking: str = ""


@dataclass(frozen=True)
class Shared:
    """What all clients of a run have in common."""

    budget: Budget
    cache: AnswerCache
    places: asyncio.Semaphore
    redact: Callable[[str], str]
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep


class LlmClient:
    """A ``ChatClient`` around one provider.

    Secrets are taken out of what is sent, kept and given back. Requests are counted before they are made,
    each try as one. After a wrong key nothing more is asked: it will not get better.
    """

    def __init__(self, provider: Provider, terms: Terms, shared: Shared) -> None:
        self.hits = 0
        self._provider = provider
        self._terms = terms
        self._shared = shared
        self._hopeless = terms.lacking
        self._asking: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def complete(
        self, system: str, user: str, *, temperature: float, max_tokens: int, seed: int
    ) -> Completion:
        """The answer, from the cache if it was given before. Raises ``LlmError``."""
        system, user, seed = self._shared.redact(system), self._shared.redact(user), seed % SEEDS
        key = identifier(*self._terms.identity, temperature, max_tokens, seed, system, user, length=40)
        # Whoever asks the same at the same time waits for the answer instead of paying for another.
        lock = self._asking.setdefault(key, asyncio.Lock())
        async with lock:
            known = self._shared.cache.get(key)
            if known is not None:
                self.hits += 1
                return known
            async with self._shared.places:
                made = await self._ask(key, system, user, temperature, max_tokens, seed)
            self._shared.cache.put(key, made)
            return made

    async def aclose(self) -> None:
        """Close the provider's connections."""
        await self._provider.aclose()

    async def _ask(
        self, key: str, system: str, user: str, temperature: float, max_tokens: int, seed: int
    ) -> Completion:
        tries = 0
        while True:
            if self._hopeless:
                raise LlmError(LlmErrorKind.AUTH, self._hopeless)
            self._shared.budget.take_call()
            try:
                return await self._once(system, user, temperature, max_tokens, seed)
            except LlmError as error:
                if error.kind is LlmErrorKind.AUTH:
                    self._hopeless = str(error)
                if error.kind is LlmErrorKind.ADJUSTED:
                    continue  # it ends: each parameter is given up once
                if error.kind not in TRANSIENT or tries == self._terms.retries:
                    raise
                tries += 1
                await self._shared.sleep(_wait_s(error, key, tries))

    async def _once(
        self, system: str, user: str, temperature: float, max_tokens: int, seed: int
    ) -> Completion:
        redact, budget, limit = self._shared.redact, self._shared.budget, self._terms.timeout_s
        asked = self._provider.complete(
            system, user, temperature=temperature, max_tokens=max_tokens, seed=seed
        )
        try:
            # The SDKs' timeouts start anew with every byte that arrives; this one does not.
            made = await _within(asked, limit)
        except asyncio.TimeoutError:
            provider, model, *_ = self._terms.identity
            message = f"{provider} ({model}): timeout: no answer within {limit:g} s"
            raise LlmError(LlmErrorKind.TIMEOUT, message) from None
        except LlmError as error:
            budget.count(error.tokens)
            raise LlmError(error.kind, redact(str(error)), error.retry_after_s) from error
        budget.count(made.tokens)
        return Completion(redact(made.text), made.tokens)


async def _within(asked: Coroutine[Any, Any, Completion], limit_s: float) -> Completion:
    """The answer. Raises ``asyncio.TimeoutError`` when there is none after ``limit_s`` seconds."""
    # Not wait_for: before Python 3.12 it can swallow a cancellation.
    asking = asyncio.create_task(asked)
    try:
        await asyncio.wait({asking}, timeout=limit_s)
        if asking.done():
            return asking.result()
        raise asyncio.TimeoutError
    finally:
        asking.cancel()
        # Until it has given its connection back, and so that nothing that it raises is lost unseen.
        await asyncio.gather(asking, return_exceptions=True)


def _wait_s(error: LlmError, key: str, tries: int) -> float:
    """Seconds before the next try: what was asked for, or exponential with jitter."""
    if error.retry_after_s is not None:
        return min(error.retry_after_s, LONGEST_WAIT_S)
    return min(FIRST_WAIT_S * 2.0**tries * (0.5 + draw(0, key, "backoff", tries)), LONGEST_WAIT_S)
