"""Which language model a rule asks, where it is not the one of the ``model`` section."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from flakestorm.section import Section


class ModelChoice(Section):
    """What is not given is as in the section ``model``; that section's key goes only to that provider."""

    provider: Literal["ollama", "openai", "anthropic", "google"] | None = Field(
        None, description="Whom to ask; default: model.provider"
    )
    name: str | None = Field(None, min_length=1, description="The model's name; default: model.name")
    base_url: str | None = Field(
        None, min_length=1, description="Where the provider is, if not at its usual address"
    )
    api_key_variable: str | None = Field(
        None,
        pattern=r"^[A-Za-z_][A-Za-z0-9_]*$",
        description="Name of the environment variable that holds the key, if not the provider's usual one",
    )
