"""The bandit alone: the floor, what it learns, and that nothing but its arguments decides."""

from __future__ import annotations

from collections import Counter

import pytest

from flakestorm.core.bandit import Bandit
from flakestorm.model.randomness import generator

OPERATORS = {
    "noise": [f"noise.{n}" for n in range(12)],
    "tone_shift": [f"tone_shift.{n}" for n in range(5)],
    "paraphrase": [f"paraphrase.{n}" for n in range(20)],
}
COUNT = 37


def draws(bandit: Bandit, count: int, seed: int = 0, good: str = "") -> list[tuple[str, int]]:
    """``count`` draws; those of the operator ``good`` are rewarded at once."""
    rng = generator(seed, "test", "bandit")
    made = []
    for _ in range(count):
        choice = bandit.choose(rng)
        if choice is None:
            break
        bandit.tried(*choice)
        if choice[0] == good:
            bandit.rewarded(*choice, 1.0, 1.0)
        made.append(choice)
    return made


@pytest.mark.parametrize("good", ["", "noise.3", "paraphrase.19"])
@pytest.mark.parametrize("seed", range(5))
def test_every_operator_is_tried_before_one_is_tried_a_third_time(seed: int, good: str) -> None:
    """However well one of them does."""
    tries: Counter[str] = Counter()
    for operator, _ in draws(Bandit(OPERATORS, 4), 300, seed, good):
        tries[operator] += 1
        if tries[operator] == 3:
            assert len(tries) == COUNT
    assert len(tries) == COUNT


def test_what_brings_something_is_drawn_more_often() -> None:
    """An operator that is rewarded gets many times its even share, its type more than the others."""
    tries = Counter(operator for operator, _ in draws(Bandit(OPERATORS, 4), 600, good="noise.3"))
    assert tries["noise.3"] > 5 * 600 / COUNT
    assert all(tries[operator] for operator in tries)


def test_a_prompt_that_brings_something_is_drawn_more_often() -> None:
    """The lowest level learns too."""
    bandit = Bandit({"noise": ["noise.op"]}, 40)
    rng = generator(0, "test", "prompts")
    tries: Counter[int] = Counter()
    for _ in range(400):
        choice = bandit.choose(rng)
        assert choice is not None
        bandit.tried(*choice)
        bandit.rewarded(*choice, 0.0, 1.0 if choice[1] == 7 else 0.0)
        tries[choice[1]] += 1
    assert tries.most_common(1)[0][0] == 7
    assert tries[7] > 5 * 400 / 40


def test_dropped_arms_are_not_drawn_again() -> None:
    """When all are dropped there is nothing to choose."""
    bandit = Bandit({"noise": ["noise.a", "noise.b"]}, 2)
    bandit.drop("noise.a", 0)
    bandit.drop("noise.a", 1)
    assert {operator for operator, _ in draws(bandit, 50)} == {"noise.b"}
    bandit.drop("noise.b", 1)
    assert {prompt for _, prompt in draws(bandit, 20)} == {0}
    bandit.drop("noise.b", 0)
    assert bandit.choose(generator(0, "test", "none")) is None


def test_the_same_seed_draws_the_same() -> None:
    """And another one does not."""
    first, second = (draws(Bandit(OPERATORS, 3), 100, 1, "noise.1") for _ in range(2))
    assert first == second
    assert draws(Bandit(OPERATORS, 3), 100, 2, "noise.1") != first
