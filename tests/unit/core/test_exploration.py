"""What is sent while no failure is known: the newest first, every operator once before one comes twice."""

from __future__ import annotations

from collections import Counter

from flakestorm.core.exploration import Candidate, Exploration
from flakestorm.model.mutation import Kind, Mutation
from flakestorm.model.prompt import GoldenPrompt

PROMPTS = (GoldenPrompt(("Where is my order 4512?",)), GoldenPrompt(("Cancel order 7.",)))
MARKS = {
    "noise.tab": "\t",
    "noise.space": "  ",
    "noise.loud": '{"<!-- $a 🙂 ```',
    "tone_shift.please": " Please.",
}
OPERATORS = {
    "noise": ["noise.tab", "noise.space", "noise.loud", "noise.none"],
    "tone_shift": ["tone_shift.please"],
}


class Making:
    """Makes at most ``most`` mutations by each operator of each prompt; nothing by ``noise.none``."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._made: Counter[tuple[str, int]] = Counter()

    def __call__(self, operator: str, number: int) -> Mutation | None:
        """A new mutation, or None."""
        if operator not in MARKS or self._made[operator, number] == self._most:
            return None
        self._made[operator, number] += 1
        text = PROMPTS[number].text + MARKS[operator] * self._made[operator, number]
        return Mutation(operator.partition(".")[0], operator, (text,), Kind.PRESERVES_MEANING, 0, 0.3, ())


def everything(exploration: Exploration) -> list[Candidate]:
    """All that it sends, until there is nothing more."""
    found = []
    while len(found) < 1000 and (candidate := exploration.take()) is not None:
        found.append(candidate)
    return found


def test_all_there_is_comes_once() -> None:
    """Whatever the order, nothing is lost and nothing comes twice."""
    found = everything(Exploration(OPERATORS, PROMPTS, Making(5)))
    assert len(found) == len({(one.prompt, one.mutation.turns) for one in found}) == 4 * 2 * 5


def test_the_newest_comes_first_and_nobody_twice_before_all_came_once() -> None:
    """Then the type that had the fewest draws."""
    first = [one.operator for one in everything(Exploration(OPERATORS, PROMPTS, Making(5)))][:4]
    assert first[0] == "noise.loud"
    assert first[1] == "tone_shift.please"
    assert set(first) == set(MARKS)


def test_golden_prompts_take_turns() -> None:
    """Each gets its share of what an operator makes."""
    found = everything(Exploration(OPERATORS, PROMPTS, Making(3)))
    assert Counter(one.prompt for one in found) == {0: 12, 1: 12}


def test_one_operator_and_prompt_can_be_asked_for() -> None:
    """What stands by is given first, then what is made now, and at last nothing."""
    exploration = Exploration(OPERATORS, PROMPTS, Making(6))
    found = [exploration.take_of("noise.tab", 1) for _ in range(7)]
    assert [one.prompt for one in found if one] == [1] * 6
    assert found[-1] is None
    assert exploration.take_of("noise.none", 0) is None
    rest = everything(exploration)
    assert not [one for one in rest if one.operator == "noise.tab" and one.prompt == 1]
    assert len(rest) == 3 * 2 * 6 + 6


def test_an_operator_is_found_something_for_where_it_applies() -> None:
    """Of many prompts without anything for it, only so many are tried at once."""
    prompts = tuple(GoldenPrompt((f"Order {n}",)) for n in range(40))
    asked: list[int] = []

    def picky(operator: str, number: int) -> Mutation | None:
        asked.append(number)
        if number != 3:
            return None
        text = f"{prompts[number].text}{'!' * len(asked)}"
        return Mutation("noise", operator, (text,), Kind.PRESERVES_MEANING, 0, 0.3, ())

    exploration = Exploration({"noise": ["noise.some"]}, prompts, picky)
    assert [one.prompt for one in everything(exploration)] == [3]
    assert len(asked) <= 40
