"""The ``model`` section: the language model that writes mutations and judges replies, if there is one."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from flakestorm.section import Section

Provider = Literal["builtin", "ollama", "openai", "anthropic", "google"]


HOW_ASKED = ("timeout_s", "retries", "concurrency", "budget_calls", "budget_tokens")


class ModelConfig(Section):
    """``builtin`` needs no model, no network and no key; the others add variety to some mutation types.

    ``HOW_ASKED`` names the keys that say how questions travel and not what is asked.
    """

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
    share: float = Field(
        0.5, ge=0, le=1, description="Share of paraphrases and changes of tone that the model writes"
    )
    timeout_s: float = Field(60.0, gt=0, le=3600, description="Seconds that one answer may take")
    retries: int = Field(
        3, ge=0, le=20, description="How often a question is asked again after a transient error"
    )
    concurrency: int = Field(4, ge=1, le=1000, description="How many questions are asked at once")
    budget_calls: int = Field(
        1000, ge=0, description="At most so many requests to models in a run; cached answers are free"
    )
    budget_tokens: int = Field(
        1_000_000, ge=0, description="No further request in a run that has used so many tokens"
    )
