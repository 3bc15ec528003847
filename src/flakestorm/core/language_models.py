"""Hands the language models of a configuration to those who ask them: mutations, rules, and the user."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from flakestorm.core.chosen_model import is_named, model_of
from flakestorm.invariants.model_choice import ModelChoice
from flakestorm.llm.clients import Clients
from flakestorm.llm.keys import VARIABLES
from flakestorm.model.chat import ChatClient
from flakestorm.model.errors import LlmError
from flakestorm.mutations.engine import Mutator
from flakestorm.mutations.llm_made import fetch_variants
from flakestorm.mutations.llm_made_tasks import wanted_variants

if TYPE_CHECKING:
    from flakestorm.core.config import FlakeStormConfig


class LanguageModels:
    """The models of ``config``. Nothing is opened before it is wanted; ``close`` comes last."""

    def __init__(self, config: FlakeStormConfig, clients: Clients) -> None:
        self._config = config
        self._clients = clients

    def for_rule(self, choice: ModelChoice) -> ChatClient:
        """The model that a rule chose; the configuration was checked to name one."""
        return self._clients.client(model_of(self._config.model, choice))

    async def write_variants(self, mutator: Mutator) -> None:
        """Let the model of the section ``model`` write its share of the mutations, if there is one."""
        model, config = self._config.model, self._config
        wanted = wanted_variants(config.golden, config.mutations, model.share)
        if not is_named(model) or not wanted:
            return
        fetched = await fetch_variants(
            self._clients.client(model), wanted, config.advanced.seed, model.temperature, model.concurrency
        )
        mutator.variants = fetched.variants
        mutator.notes.extend([fetched.note] if fetched.note else [])

    async def greeting(self) -> str:
        """Whether the model of the section ``model`` answers, in a sentence; empty when there is none."""
        model = self._config.model
        if not is_named(model):
            return ""
        try:
            await self._clients.client(model).complete(
                "Answer in one word.", "Are you there?", temperature=0.0, max_tokens=1000, seed=0
            )
        except LlmError as error:
            return f"does not answer: {error}"
        return f"{model.provider} ({model.name}) answers"

    def notes(self) -> list[str]:
        """What was asked and spent, if anything was."""
        return self._clients.notes()


@asynccontextmanager
async def language_models(
    config: FlakeStormConfig, folder: Path, redact: Callable[[str], str]
) -> AsyncIterator[LanguageModels]:
    """The models of ``config``, closed at the end; answers are kept in ``folder``."""
    clients = Clients(config.model, folder, redact)
    try:
        yield LanguageModels(config, clients)
    finally:
        await clients.aclose()


def keys_of(config: FlakeStormConfig, environment: Mapping[str, str] = os.environ) -> frozenset[str]:
    """Every key that may be sent to a provider: none of them may be stored or shown."""
    names = {name for variables in VARIABLES.values() for name in variables}
    for rule in (*config.invariants, *(config.contract.invariants if config.contract else ())):
        choice = getattr(rule, "model", None)
        if isinstance(choice, ModelChoice) and choice.api_key_variable is not None:
            names.add(choice.api_key_variable)
    return frozenset(environment[name] for name in names if environment.get(name))
