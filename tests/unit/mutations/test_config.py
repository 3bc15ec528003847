"""The section ``mutations``: defaults, limits and messages."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from flakestorm.model.mutation_type import PUBLISHED_DEFAULTS
from flakestorm.mutations.config import MutationsConfig


def problem(**keys: object) -> str:
    """The message for a wrong section."""
    with pytest.raises(ValidationError) as caught:
        MutationsConfig.model_validate(keys)
    return str(caught.value)


def test_defaults() -> None:
    """An empty section means the published defaults."""
    config = MutationsConfig()
    assert (config.count, config.types, config.intensity) == (10, PUBLISHED_DEFAULTS, 0.3)


def test_types_are_plain_names_each_once() -> None:
    """Names from YAML become types; a repeated one counts once."""
    config = MutationsConfig.model_validate({"types": ["noise", "paraphrase", "noise"], "count": 100_000})
    assert config.types == ("noise", "paraphrase")


def test_weights() -> None:
    """A configured weight replaces the default; a plugin's own type counts as 1."""
    config = MutationsConfig.model_validate({"weights": {"noise": 2.5}})
    assert [config.weight(name) for name in ("noise", "tone_shift", "homemade")] == [2.5, 0.9, 1.0]


@pytest.mark.parametrize(
    "keys",
    [
        {"count": 0},
        {"types": []},
        {"types": ["nose"]},
        {"weights": {"noise": 0}},
        {"weights": {"noise": float("inf")}},
        {"weights": {"nose": 1}},
        {"intensity": 1.5},
        {"countt": 3},
    ],
)
def test_wrong_values_are_refused(keys: dict[str, object]) -> None:
    """Every limit holds, and the message names the key."""
    assert next(iter(keys)) in problem(**keys)


def test_template_without_placeholder() -> None:
    """The message says which template and what to write."""
    message = problem(custom_templates={"lawyer": "As my lawyer says", "ok": "{prompt}!"})
    assert "no {prompt} in the template 'lawyer': write {prompt} where the golden prompt belongs" in message


def test_template_that_does_nothing() -> None:
    """A template that is only the placeholder would send the golden prompt."""
    assert "the template 'same' adds nothing" in problem(custom_templates={"same": "{prompt}"})


def test_custom_without_templates() -> None:
    """Asking for the user's templates without giving any is a mistake."""
    assert "types lists 'custom', but there are no custom_templates" in problem(types=["custom"])
