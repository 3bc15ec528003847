"""The ``model`` section: who writes mutations, if not flakestorm's own operators."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from flakestorm.section import Section

Provider = Literal["builtin", "ollama", "openai", "anthropic", "google"]


class ModelConfig(Section):
    """``builtin`` needs no model, no network and no key; the others add variety to some mutation types."""

    provider: Provider = Field(
        "builtin", description="builtin needs nothing; the others ask a language model"
    )
    name: str | None = Field(None, min_length=1, description="The model's name, as its provider writes it")
    api_key: str | None = Field(
        None, repr=False, description="The provider's key, only as ${VARIABLE} of the environment"
    )
    base_url: str | None = Field(
        None, min_length=1, description="Where the provider is, if not at its usual address"
    )
    temperature: float = Field(0.8, ge=0, le=2, description="How much the model varies its words")
