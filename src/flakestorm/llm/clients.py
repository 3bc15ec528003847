"""All language models of a run: one client for each, one budget and one cache for all."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path

from flakestorm.llm.budget import Budget
from flakestorm.llm.cache import FILE, AnswerCache
from flakestorm.llm.client import LlmClient, Shared, Terms
from flakestorm.llm.config import ModelConfig
from flakestorm.llm.keys import key_for, lacks_key
from flakestorm.llm.port import Connection, Provider
from flakestorm.model.chat import LlmErrorKind
from flakestorm.model.errors import LlmError

ADAPTERS = {
    "ollama": ("flakestorm.llm.ollama", "OllamaProvider"),
    "openai": ("flakestorm.llm.openai", "OpenAIProvider"),
    "anthropic": ("flakestorm.llm.anthropic", "AnthropicProvider"),
    "google": ("flakestorm.llm.google", "GoogleProvider"),
}
"""Where each adapter is; only those that are asked get imported."""


class Clients:
    """Opens clients as they are wanted. ``config`` is the ``model`` section, which sets the budget.

    ``folder`` is where the cache is; ``redact`` blots secrets out. To be used inside one event loop, and
    closed at the end.
    """

    def __init__(
        self,
        config: ModelConfig,
        folder: Path,
        redact: Callable[[str], str],
        environment: Mapping[str, str] = os.environ,
    ) -> None:
        self._environment = environment
        self._budget = Budget(config.budget_calls, config.budget_tokens)
        self._cache = AnswerCache(folder / FILE)
        self._shared = Shared(self._budget, self._cache, asyncio.Semaphore(config.concurrency), redact)
        self._open: dict[ModelConfig, LlmClient] = {}

    def client(self, config: ModelConfig) -> LlmClient:
        """The client for ``config``. Raises ``MissingExtra`` when the provider's package is missing.

        Raises ``LlmError`` when ``config`` names no model.
        """
        if config not in self._open:
            self._open[config] = self._new(config)
        return self._open[config]

    def notes(self) -> list[str]:
        """What was spent, and whether the cache works, if a model was asked at all."""
        hits = sum(client.hits for client in self._open.values())
        if not self._budget.calls and not hits:
            return []
        spent = (
            f"language models: {self._budget.calls} requests, {self._budget.tokens} tokens, "
            f"{hits} answers from the cache"
        )
        return [spent, *([self._cache.trouble] if self._cache.trouble else [])]

    async def aclose(self) -> None:
        """Close all connections and the cache."""
        for client in self._open.values():
            await client.aclose()
        self._cache.close()

    def _new(self, config: ModelConfig) -> LlmClient:
        if config.provider == "builtin" or config.name is None:
            raise LlmError(
                LlmErrorKind.REFUSED, "no language model is named: set model.provider and model.name"
            )
        connection = Connection(
            config.provider,
            config.name,
            key_for(config, self._environment),
            config.base_url,
            config.timeout_s,
        )
        terms = Terms(
            identity=(config.provider, config.name, config.base_url or ""),
            timeout_s=config.timeout_s,
            retries=config.retries,
            lacking=lacks_key(config, self._environment),
        )
        return LlmClient(_adapter(connection), terms, self._shared)


def _adapter(connection: Connection) -> Provider:
    module, name = ADAPTERS[connection.provider]
    adapter: Callable[[Connection], Provider] = getattr(import_module(module), name)
    return adapter(connection)
