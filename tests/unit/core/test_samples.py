"""What people see before they run anything: mutations of their prompt, and an example of every operator."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest

from flakestorm.core.samples import Sample, operator_samples, sample_mutations
from flakestorm.model.errors import UsageError
from flakestorm.mutations.reach import Reach
from flakestorm.mutations.registry import operators


@pytest.fixture(scope="module")
def samples() -> list[Sample]:
    """An example of everything."""
    return list(operator_samples())


def test_every_operator_has_an_example(samples: list[Sample]) -> None:
    """None is missing, none has nothing to show, and each shows a change of the prompt beside it."""
    assert {sample.info.name for sample in samples} == set(operators)
    for sample in samples:
        example = sample.example
        assert example is not None, sample.info.name
        assert example.attack is not None or example.turns != (sample.prompt,)


def test_types_stand_together(samples: list[Sample]) -> None:
    """Going through the list, no type comes back."""
    types = [sample.info.type for sample in samples]
    changes = 1 + sum(a != b for a, b in pairwise(types))
    assert changes == len(set(types))


def test_json_for_programs(samples: list[Sample]) -> None:
    """Everything can be written as JSON and says what there is to know of an operator."""
    data = json.loads(json.dumps([sample.to_dict() for sample in samples]))
    first = next(item for item in data if item["operator"] == "prompt_injection.override")
    assert (first["type"], first["kind"], first["implied"]) == ("prompt_injection", "hostile", ["canary"])
    assert first["example"]["canary"] in first["example"]["turns"][-1]
    slow = next(item for item in data if item["operator"] == "timeout_manipulation.slow_body")
    assert slow["example"]["attack"]["timing"]["body_steps"] > 1


def test_an_own_prompt_may_offer_nothing() -> None:
    """An operator that finds nothing to change in the given prompt has no example."""
    found = {sample.info.name: sample.example for sample in operator_samples("Hi", ["paraphrase"])}
    assert found["paraphrase.date_format"] is None
    assert next(operator_samples("Hi", ["paraphrase"])).to_dict()["example"] is None


def test_mutations_of_a_prompt() -> None:
    """Types, count and reach are those of the configuration; the user's templates are not known here."""
    prompt = "Where is my order? I am waiting."
    made, notes = sample_mutations(prompt, 0, types=["noise+tone_shift"], count=7, reach=Reach.SENTENCE)
    assert ({m.type for m in made}, len(made), notes) == ({"noise+tone_shift"}, 7, [])
    everything, _ = sample_mutations(prompt, 0, count=60)
    assert "custom" not in {m.type for m in everything}


@pytest.mark.parametrize(
    ("type_", "message"),
    [
        ("nois", "--type nois: 'nois' is not accepted here, did you mean 'noise'?"),
        ("custom+noise", "--type custom+noise: your templates are in your configuration"),
    ],
)
def test_wrong_types(type_: str, message: str) -> None:
    """The message says what is wrong, and what to do."""
    with pytest.raises(UsageError) as caught:
        sample_mutations("Hi", 0, types=[type_])
    assert message in str(caught.value)
