"""The port of operators: what does not fit is refused with a reason."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from flakestorm.model.errors import PluginError
from flakestorm.model.mutation import Kind
from flakestorm.model.randomness import Draws
from flakestorm.mutations.custom import template
from flakestorm.mutations.registry import Draft, OperatorInfo, Registry, Source, _check, operators

GOOD = OperatorInfo("noise.mine", "noise", Kind.EDGE, template, "Does something.")


def wrong_arguments(text: str) -> None:
    """Takes something else."""


@pytest.mark.parametrize(
    ("info", "message"),
    [
        (replace(GOOD, function=wrong_arguments), "it must take (source, rng, intensity)"),
        (replace(GOOD, summary=""), "has no docstring"),
        (replace(GOOD, type="nois"), "unknown mutation type 'nois', did you mean 'noise'?"),
        (replace(GOOD, type="zzz"), "unknown mutation type 'zzz'. Known: paraphrase"),
        (replace(GOOD, weight=0.0), "has the weight 0.0; it must be above 0"),
    ],
)
def test_what_does_not_fit_is_refused(info: OperatorInfo, message: str) -> None:
    """The message says what is wrong and what is accepted."""
    registry: Registry[OperatorInfo] = Registry("operator", "flakestorm.none", _check)
    with pytest.raises(PluginError) as caught:
        registry.add(info.name, info, "here")
    assert message in str(caught.value)


def test_what_fits_is_registered() -> None:
    """The decorator's facts are there to be looked up."""
    info = operators.get("custom.template")
    assert (info.kind, info.type, info.touches_protected) == (Kind.USER, "custom", False)
    assert info.summary == "Puts the golden prompt into one of the user's templates."


def test_templates_need_their_placeholder() -> None:
    """Without a template (or a place for the prompt in it) there is nothing to do."""
    function: Callable[..., Draft | None] = template
    assert function(Source("Hi"), Draws(1), 0.3) is None
