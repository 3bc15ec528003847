"""Keys come from the environment only, and go nowhere but to the provider that they belong to."""

from __future__ import annotations

import os
from collections.abc import Mapping

from flakestorm.llm.config import ModelConfig

VARIABLES = {
    "openai": ("OPENAI_API_KEY",),
    "anthropic": ("ANTHROPIC_API_KEY",),
    "google": ("GEMINI_API_KEY", "GOOGLE_API_KEY"),
    "ollama": ("OLLAMA_API_KEY",),
}
"""Where each provider's users keep their key, the first that is set counts."""

NEED_NONE = frozenset({"ollama"})


def key_for(config: ModelConfig, environment: Mapping[str, str] = os.environ) -> str | None:
    """The key for ``config``: its own, or the provider's usual variable when it is at its usual address.

    A key of the provider's is not sent to a ``base_url``, which may be anybody's.
    """
    if config.api_key:
        return config.api_key
    if config.base_url is not None:
        return None
    return next(
        (environment[name] for name in VARIABLES.get(config.provider, ()) if environment.get(name)), None
    )


def lacks_key(config: ModelConfig, environment: Mapping[str, str] = os.environ) -> str:
    """What to do about a key that is needed and missing; an empty string when all is well."""
    if config.base_url is not None or config.provider in NEED_NONE or key_for(config, environment):
        return ""
    name = VARIABLES[config.provider][0]
    return f"no key: set the environment variable {name}, or write model.api_key: ${{VARIABLE}}"
