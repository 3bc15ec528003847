"""A provider that answers by the book, and clients around it that wait for nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from flakestorm.llm.budget import Budget
from flakestorm.llm.cache import AnswerCache
from flakestorm.llm.client import LlmClient, Shared, Terms
from flakestorm.model.chat import Completion

Answer = Completion | Exception


@dataclass
class FakeProvider:
    """Gives ``answers`` in turn, the last one for ever; an exception is raised."""

    answers: list[Answer]
    asked: list[tuple[str, str, float, int, int]] = field(default_factory=list)
    hang: bool = False
    closed: bool = False

    async def complete(
        self, system: str, user: str, *, temperature: float, max_tokens: int, seed: int
    ) -> Completion:
        """The next answer."""
        self.asked.append((system, user, temperature, max_tokens, seed))
        if self.hang:
            await asyncio.get_running_loop().create_future()
        answer = self.answers[min(len(self.asked), len(self.answers)) - 1]
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def aclose(self) -> None:
        """Remember it."""
        self.closed = True


@dataclass
class Bench:
    """A client under test, with everything around it."""

    client: LlmClient
    provider: FakeProvider
    shared: Shared
    slept: list[float]

    async def ask(self, user: str = "hello", seed: int = 0) -> Completion:
        """One question."""
        return await self.client.complete("be brief", user, temperature=0.5, max_tokens=100, seed=seed)


MakeBench = Callable[..., Bench]


@pytest.fixture
def make_bench(tmp_path: Path) -> Iterator[MakeBench]:
    """(*answers, calls, tokens, redact, hang, terms …) ► a client around a fake provider."""
    caches = []

    def make(
        *answers: Answer,
        calls: int = 100,
        tokens: int = 10_000,
        redact: Callable[[str], str] = str,
        hang: bool = False,
        cache: Path | None = None,
        **terms: object,
    ) -> Bench:
        slept: list[float] = []

        async def sleep(seconds: float) -> None:
            slept.append(seconds)

        store = AnswerCache(cache or tmp_path / "cache.sqlite")
        caches.append(store)
        shared = Shared(Budget(calls, tokens), store, asyncio.Semaphore(4), redact, sleep)
        provider = FakeProvider(list(answers) or [Completion("hi", 7)], hang=hang)
        client = LlmClient(provider, Terms(("fake", "model", ""), **terms), shared)  # type: ignore[arg-type]
        return Bench(client, provider, shared, slept)

    yield make
    for store in caches:
        store.close()
