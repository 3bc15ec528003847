"""The model section."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from flakestorm.llm.config import ModelConfig


def test_nothing_is_needed() -> None:
    """The built-in operators are the default."""
    assert ModelConfig().provider == "builtin"


def test_the_key_is_not_in_the_representation() -> None:
    """A configuration that is logged does not show its key."""
    assert "secret" not in repr(ModelConfig(provider="openai", api_key="secret"))


@pytest.mark.parametrize("temperature", [-0.1, 2.1, float("nan")])
def test_temperature_has_limits(temperature: float) -> None:
    """0 to 2, as providers have it."""
    with pytest.raises(ValidationError):
        ModelConfig(temperature=temperature)
