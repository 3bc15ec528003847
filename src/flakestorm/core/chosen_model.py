"""Which language model a rule asks: the section ``model`` with what the rule chose instead."""

from __future__ import annotations

import os

from flakestorm.invariants.model_choice import ModelChoice
from flakestorm.llm.config import ModelConfig


def model_of(section: ModelConfig, choice: ModelChoice) -> ModelConfig:
    """The section ``model`` with what a rule chose instead.

    The section's key stays with the section's provider and address; elsewhere the rule's own variable
    counts, or the provider's usual one.
    """
    given = choice.model_dump(exclude_none=True, exclude={"api_key_variable"})
    elsewhere = choice.provider not in (None, section.provider)
    if elsewhere:
        # Another provider has other models, at another address.
        given = {"name": None, "base_url": None, **given}
    changed = section.model_copy(update=given)
    if elsewhere or changed.base_url != section.base_url:
        changed = changed.model_copy(update={"api_key": None})
    if choice.api_key_variable is not None:
        key = os.environ.get(choice.api_key_variable) or None
        changed = changed.model_copy(update={"api_key": key})
    return changed


def is_named(model: ModelConfig) -> bool:
    """True when there is a model to ask."""
    return model.provider != "builtin" and model.name is not None
