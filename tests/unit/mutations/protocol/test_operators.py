"""What holds for every attack on the protocol: described, repeatable, small, and never without a reason."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path

import pytest

from flakestorm.invariants.judge import Judge
from flakestorm.model.attack import Attack, Due, Part
from flakestorm.model.mutation import Kind, Mutation
from flakestorm.model.mutation_type import PUBLISHED_DEFAULTS, MutationType
from flakestorm.model.outcome import Outcome
from flakestorm.model.prompt import GoldenPrompt
from flakestorm.model.trial import Trial
from flakestorm.mutations.config import MutationsConfig
from flakestorm.mutations.engine import Mutator
from flakestorm.mutations.registry import operators

PROMPT = GoldenPrompt(("Before.", "What is the status of order 4512?"))
NAMES = [name for name, info in operators.items() if info.kind is Kind.PROTOCOL]
TYPES = (
    "http_header_injection",
    "payload_size_attack",
    "content_type_confusion",
    "query_parameter_poisoning",
    "request_method_attack",
    "protocol_level_attack",
    "resource_exhaustion",
    "concurrent_request_pattern",
    "timeout_manipulation",
)
LARGEST_RECIPE = 12_000


def made(name: str, intensity: float = 0.3, ordinal: int = 0, seed: int = 3) -> Mutation:
    """What the operator makes of the prompt."""
    mutation = Mutator(MutationsConfig(), seed).one(PROMPT, name, ordinal, intensity)
    assert mutation is not None
    return mutation


@pytest.mark.parametrize("intensity", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("name", NAMES)
def test_an_attack_is_a_small_recipe(name: str, intensity: float) -> None:
    """The prompt stays, something differs, and it is a few bytes of JSON whatever it sends."""
    mutation = made(name, intensity)
    assert mutation.turns == PROMPT.turns
    assert mutation.edits == ()
    assert mutation == made(name, intensity)
    attack = mutation.attack
    assert attack is not None
    assert attack != Attack()
    written = json.dumps(attack.to_dict())
    assert len(written) < LARGEST_RECIPE
    assert Attack.from_dict(json.loads(written)) == attack
    assert attack.timing.seconds <= 6.5
    if attack.due is Due.NOTHING:
        assert attack.timing.hold_s > 0 or attack.timing.then.value in ("close", "reset")


@pytest.mark.parametrize("name", NAMES)
def test_bytes_can_be_written(name: str) -> None:
    """Recipes are Latin-1, one character for a byte."""
    attack = made(name, 1.0).attack
    assert attack is not None
    streams = (attack.query, attack.headers, attack.body or (), attack.before, attack.after)
    for piece in (piece for stream in streams for piece in stream):
        piece.text.encode("latin-1")
        assert piece.times > 0
        assert piece.text or piece.part is not Part.NONE
    for text in (
        attack.method,
        attack.target,
        attack.version,
        *attack.framing.lengths,
        *attack.framing.codings,
    ):
        text.encode("latin-1")


@pytest.mark.parametrize("name", NAMES)
def test_what_it_implies_exists(name: str) -> None:
    """Every implied invariant can be judged, and those about planted tokens have one planted."""
    mutation = made(name)
    verdicts = Judge([]).judge(Trial.of(PROMPT, mutation), Outcome(1.0, ""))
    assert [v.invariant for v in verdicts] == list(mutation.implied)
    assert {v.status.value for v in verdicts} == {"skipped"}, "without a wire there is nothing to judge"
    assert {"answered_in_time", "no_server_error", "others_served", "healthy_afterwards"} <= set(
        mutation.implied
    )
    planted = {"no_reflected_header", "own_reply"} & set(mutation.implied)
    assert mutation.attack is not None
    assert bool(mutation.attack.marker) is bool(planted)
    if mutation.attack.crowd.marked:
        assert "own_reply" in planted


@pytest.mark.parametrize("name", NAMES)
def test_an_operator_describes_itself(name: str) -> None:
    """The summary is one sentence that can stand in a table."""
    summary = operators.get(name).summary
    assert 10 < len(summary) < 120
    assert summary.endswith(".")


@pytest.mark.parametrize("type_", TYPES)
def test_every_type_makes_many_different_attacks(type_: str) -> None:
    """Each is made once; asking for more than there are ends, and says so."""
    mutator = Mutator(MutationsConfig(types=(MutationType(type_),), count=2000), 1)
    mutations = [m for m in mutator.mutations(GoldenPrompt(("Hi",))) if m.attack is not None]
    assert len({mutation.attack for mutation in mutations}) == len(mutations)
    assert len({mutation.id for mutation in mutations}) == len(mutations)
    of_type = {name for name in NAMES if name.startswith(f"{type_}.")}
    assert {mutation.operator for mutation in mutations} == of_type
    assert len(of_type) >= 11


def test_a_new_token_is_no_new_attack() -> None:
    """What draws nothing but its token is made once; several prompts have several tokens."""
    config = MutationsConfig(types=("concurrent_request_pattern",), count=100)
    first = list(Mutator(config, 1).mutations(GoldenPrompt(("Hi",))))
    assert len(first) == len({mutation.operator for mutation in first}) == 11
    there = Mutator(config, 1).one(GoldenPrompt(("Hi",)), "request_method_attack.trace")
    here = made("request_method_attack.trace")
    assert here.attack is not None
    assert there is not None
    assert there.attack is not None
    assert here.attack.marker != there.attack.marker


def test_no_type_is_attacked_unasked() -> None:
    """The types that are used by default are texts."""
    assert Mutator(MutationsConfig(), 1).attacked == []
    assert not {str(type_) for type_ in PUBLISHED_DEFAULTS} & set(TYPES)


def test_attacks_can_be_left_out() -> None:
    """Texts of a type that has both go on; types that have nothing else are gone, without a complaint."""
    config = MutationsConfig(types=("resource_exhaustion", "payload_size_attack", "noise"), count=30)
    mutator = Mutator(config, 1, attacks=False)
    assert mutator.types == ("resource_exhaustion", "noise")
    assert mutator.attacked == ["resource_exhaustion", "payload_size_attack"]
    mutations = list(mutator.mutations(PROMPT))
    assert len(mutations) == 30
    assert all(mutation.attack is None for mutation in mutations)
    nothing = Mutator(MutationsConfig(types=("payload_size_attack",)), 1, attacks=False)
    assert list(nothing.mutations(PROMPT)) == []
    assert nothing.notes == []


def test_time_scales_with_intensity() -> None:
    """Slow clients are short at intensity 0, and never take longer than a few seconds."""
    held = [made("timeout_manipulation.held_open", intensity).attack for intensity in (0.0, 0.3, 1.0)]
    seconds = [attack.timing.seconds for attack in held if attack is not None]
    assert seconds == [0.25, pytest.approx(2.65), 6.0]


def test_the_documentation_counts_right() -> None:
    """The table of mutations-protocol.md has every type with the number of its attacks."""
    page = Path(__file__).parents[4] / "docs" / "mutations-protocol.md"
    rows = re.findall(r"^\| `(\w+)` \| .* \| (\d+) \|$", page.read_text(encoding="utf-8"), re.MULTILINE)
    assert {name: int(count) for name, count in rows} == Counter(name.partition(".")[0] for name in NAMES)
