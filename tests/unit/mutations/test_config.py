"""The section ``mutations``: defaults, limits and messages."""

from __future__ import annotations

import pytest
from jsonschema import Draft202012Validator
from pydantic import ValidationError

import flakestorm.mutations.builtin  # noqa: F401 - registers the operators
from flakestorm.model.composition import type_of
from flakestorm.model.mutation import Kind
from flakestorm.model.mutation_type import PUBLISHED_DEFAULTS, MutationType
from flakestorm.mutations.config import MutationsConfig
from flakestorm.mutations.registry import operators
from flakestorm.mutations.type_name import ATTACKS


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
        {"reach": "word"},
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


def test_several_types_can_be_joined() -> None:
    """White space around the sign is no part of the name; weights may name a composition, too."""
    config = MutationsConfig.model_validate(
        {"types": ["noise + encoding_attacks", "noise"], "weights": {"noise+tone_shift": 3, "noise": 2}}
    )
    assert config.types == ("noise+encoding_attacks", "noise")
    assert config.weight("noise+tone_shift") == 3
    assert config.weight("noise+encoding_attacks") == pytest.approx((2 + 1.3) / 2)


def test_simple_types_are_members() -> None:
    """Python code finds the description and the display name at the type."""
    (type_,) = MutationsConfig(types=["noise"]).types
    assert type_ is MutationType.NOISE


@pytest.mark.parametrize(
    ("types", "message"),
    [
        (["nose"], "'nose' is not accepted here, did you mean 'noise'? Accepted: paraphrase, "),
        (
            ["noise+tone_shft"],
            "'tone_shft' (in 'noise+tone_shft') is not accepted here, did you mean 'tone_shift'?",
        ),
        (["noise+"], "'' (in 'noise+') is not accepted here. Accepted: "),
        (
            ["noise+timeout_manipulation"],
            "cannot be composed: timeout_manipulation disturbs the request and not the text",
        ),
        (["noise+custom"], "types lists 'noise+custom', but there are no custom_templates"),
    ],
)
def test_wrong_names(types: list[str], message: str) -> None:
    """The message names the part that is wrong, and what would be right."""
    assert message in problem(types=types)


def test_types_that_only_attack_the_request() -> None:
    """The list of those that cannot be composed is what the operators say."""
    kinds: dict[str, set[Kind]] = {}
    for name, info in operators.items():
        kinds.setdefault(type_of(name), set()).add(info.kind)
    assert set(ATTACKS) == {type_ for type_, found in kinds.items() if found == {Kind.PROTOCOL}}


def test_the_schema_knows_compositions() -> None:
    """Editors accept what is accepted, and nothing else."""
    schema = MutationsConfig.model_json_schema()
    for name, right in (
        ("noise", True),
        ("noise+tone_shift+custom", True),
        ("nose", False),
        ("noise+nose", False),
        ("noise+timeout_manipulation", False),
        ("timeout_manipulation", True),
    ):
        for part in ({"types": [name]}, {"weights": {name: 2}}):
            assert Draft202012Validator(schema).is_valid(part) is right, part


def test_written_and_read_again() -> None:
    """What is dumped as JSON loads as the same section."""
    config = MutationsConfig(types=["noise", "noise+tone_shift"], weights={"noise": 2.0})
    assert MutationsConfig.model_validate_json(config.model_dump_json()) == config
