"""The rule about answers that must change: what it says of correct agents, and of agents that go by looks."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator

import pytest
from planted.catalogue import CORRECT
from planted.converter import CANCELLING
from planted.shop import orders
from planted.specimen import Specimen

from flakestorm.invariants.answer_changes import AnswerChangesRule, build_answer_changes
from flakestorm.invariants.registry import Subject
from flakestorm.model.outcome import Outcome
from flakestorm.model.prompt import GoldenPrompt
from flakestorm.model.trial import Trial
from flakestorm.model.verdict import Judgement, VerdictStatus
from flakestorm.mutations.config import MutationsConfig
from flakestorm.mutations.engine import Mutator

FAMILY = "semantic_similarity_attack"
PROMPTS = ("Where is order 4512?", "When will my order 4512 be delivered?")
CHECK = build_answer_changes(AnswerChangesRule())
FUNCTIONS = [specimen for specimen in CORRECT if inspect.isfunction(specimen.target)]


def judged(agent: Callable[[str], str], prompts: tuple[str, ...]) -> Iterator[tuple[str, Judgement]]:
    """(what was sent, the judgement) for mutations of the prompts that change their meaning."""
    for seed in range(3):
        mutator = Mutator(MutationsConfig(types=[FAMILY], count=25), seed)
        for golden in (GoldenPrompt((text,)) for text in prompts):
            baseline = agent(golden.text)
            for mutation in mutator.mutations(golden):
                outcome = Outcome(1.0, agent(mutation.text))
                yield mutation.text, CHECK(Subject(Trial.of(golden, mutation), outcome, baseline))


@pytest.mark.parametrize("specimen", FUNCTIONS, ids=lambda specimen: specimen.name)
def test_correct_agents_are_not_blamed(specimen: Specimen) -> None:
    """They often say the same thing to another request, and are right."""
    found = list(judged(specimen.target, specimen.prompts[:4]))
    assert found
    assert [case for case in found if case[1].status is VerdictStatus.FAILED] == []


def test_a_cache_that_goes_by_resemblance_is_found() -> None:
    """It takes any question of these words for the one that it knows, whatever the number."""
    known: dict[str, str] = {}

    def cached(text: str) -> str:
        return known.setdefault(" ".join(sorted(re.findall(r"[a-z]+", text.lower()))), orders(text))

    found = list(judged(cached, PROMPTS))
    other_number = [j for text, j in found if "4512" not in text and "order" in text.lower()]
    blamed = [j for j in other_number if j.status is VerdictStatus.FAILED]
    assert len(blamed) > 0.8 * len(other_number) > 5


def test_an_agent_that_does_what_is_forbidden_is_found() -> None:
    """It sees the verb and not the negation before it."""
    deaf = next(s for s in CANCELLING.specimens if s.name == "negation_ignored")
    failed = [text for text, j in judged(deaf.target, deaf.prompts) if j.status is VerdictStatus.FAILED]
    assert failed
    assert all("not" in text for text in failed)
