"""The scoring section: four weights that sum to one, flat or one level deeper."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from flakestorm.scoring.config import ScoringConfig


def test_both_forms_are_the_same() -> None:
    """Published files have the weights in the section, or below ``weights``."""
    flat = {"mutation": 0.4, "chaos": 0.2, "contract": 0.3, "replay": 0.1}
    assert ScoringConfig.model_validate({"weights": flat}) == ScoringConfig(**flat)


@pytest.mark.parametrize("change", [-0.0009, 0.0, 0.0009])
def test_rounding_is_tolerated(change: float) -> None:
    """Thirds and the like need not sum to exactly one."""
    assert ScoringConfig(mutation=0.2 + change).mutation == 0.2 + change


@pytest.mark.parametrize(
    ("data", "where", "message"),
    [
        ({"mutation": 0.5}, (), "these sum to 1.3 (with the defaults chaos 0.35, contract 0.35, replay 0.1)"),
        ({"mutation": 0.2, "chaos": 0.35, "contract": 0.35, "replay": 0.2}, (), "these sum to 1.1"),
        ({"weights": {"mutation": 0.5}}, ("weights",), "these sum to 1.3"),
        ({"weights": {"mutation": "x"}}, ("weights", "mutation"), "valid number"),
        ({"weights": {"chaso": 1}}, ("weights", "chaso"), "not permitted"),
        ({"weights": {"mutation": 2}}, ("weights", "mutation"), "less than or equal to 1"),
        ({"weights": 3}, ("weights",), "not permitted"),
        ({"weights": {}, "mutation": 0.2}, ("weights",), "not permitted"),
        (3, (), "valid dictionary"),
    ],
)
def test_refused(data: object, where: tuple[str, ...], message: str) -> None:
    """Errors are located where the weight is written."""
    with pytest.raises(ValidationError) as caught:
        ScoringConfig.model_validate(data)
    (error,) = caught.value.errors()
    assert error["loc"] == where
    assert message in error["msg"]
