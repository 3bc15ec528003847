"""Paraphrases read like something that a person would write, and mean the same."""

from __future__ import annotations

import pytest

from flakestorm.model.prompt import GoldenPrompt
from flakestorm.mutations.config import MutationsConfig
from flakestorm.mutations.engine import Mutator


def possible(operator: str, text: str, intensity: float = 1.0) -> set[str]:
    """What ``operator`` makes of ``text`` in 40 tries."""
    mutator = Mutator(MutationsConfig(), seed=1)
    made = (mutator.one(GoldenPrompt((text,)), f"paraphrase.{operator}", n, intensity) for n in range(40))
    return {mutation.text for mutation in made if mutation}


@pytest.mark.parametrize(
    ("operator", "text", "expected"),
    [
        ("contract", "I am sure you are not late.", {"I'm sure you're not late."}),
        ("contract", "I do not know what it is.", {"I don't know what it is."}),
        ("contract", "I have a dog. I have seen it.", {"I have a dog. I've seen it."}),
        ("contract", "Do you have information?", set()),
        ("contract", "IT IS LATE", {"IT'S LATE"}),
        ("expand", "I'm sure it isn't late.", {"I am sure it is not late."}),
        ("expand", "I’d like to, but he’d gone.", {"I would like to, but he’d gone."}),
        ("expand", "It's been late.", set()),
        ("expand", "Don't go. CAN'T GO", {"Do not go. CANNOT GO"}),
        ("uk_spelling", "Color the Favorite COLOR gray.", {"Colour the Favourite COLOUR grey."}),
        ("us_spelling", "Organise the colours.", {"Organize the colors."}),
        ("number_to_word", "Book 2 rooms for 21 nights.", {"Book two rooms for twenty-one nights."}),
        ("number_to_word", "See page 2 for order 45 today, or May 3 please.", set()),
        ("word_to_number", "Book two rooms, one for me.", {"Book 2 rooms, one for me."}),
        ("unit_format", "Run 5 km for €3.", {"Run 5 kilometres for 3 euros."}),
        ("unit_format", "Run 5 kilometres or 1 km at 20 percent.", {"Run 5 km or 1 km at 20%."}),
        ("unit_format", "It is $5 million or $1.", {"It is $5 million or 1 dollar."}),
        ("politeness_removed", "Please cancel it.", {"Cancel it."}),
        ("politeness_removed", "Can you cancel it, please?", {"Can you cancel it?"}),
        ("politeness_removed", "Cancel it. Thank you very much!", {"Cancel it."}),
        ("politeness_removed", "Please!", set()),
        ("politeness_removed", "Please kindly go.", {"Kindly go."}),
        ("clause_order", "If it rains, call me.", {"Call me if it rains."}),
        ("clause_order", "Call Bob because it rains.", {"Because it rains, call Bob."}),
        ("clause_order", "Tell me if it rains.", set()),
        ("clause_order", "What is the weather in Rome today?", {"Today, what is the weather in Rome?"}),
        ("question_to_command", "Can you cancel it?", {"Cancel it."}),
        ("question_to_command", "Can you tell me why?", set()),
        ("synonym", "It has to be a big one. Apple", {"It has to be a large one. Apple"}),
        ("synonym", "I got an inexpensive one.", {"I got a cheap one.", "I got an affordable one."}),
        ("synonym", "The well-known start-up", set()),
        ("synonym", "I obtained it. She obtains it.", {"I got it. She gets it."}),
    ],
)
def test_exactly(operator: str, text: str, expected: set[str]) -> None:
    """At full intensity these are all the ways there are."""
    assert possible(operator, text) == expected


def test_date_formats() -> None:
    """A date is written in the other ways that cannot be mistaken."""
    assert possible("date_format", "On 3 May 2024?") == {
        "On 2024-05-03?",
        "On May 3, 2024?",
        "On 3rd of May 2024?",
        "On 2024/05/03?",
    }


@pytest.mark.parametrize(
    ("operator", "text", "one_of_them"),
    [
        ("command_to_question", "Cancel my order.", "Could you cancel my order?"),
        ("command_to_question", "Please cancel my order", "Would you please cancel my order?"),
        ("question_to_command", "How do I cancel it?", "Tell me how to cancel it."),
        ("question_to_command", "Can I return it?", "Let me know whether I can return it."),
        ("question_to_command", "What's the price?", "Please tell me the price."),
        ("opener", "Where can I buy it?", "I'd like to know where to buy it."),
        ("opener", "Cancel it!", "I need you to cancel it."),
        ("opener", "My order is late.", "Here's what I'm after: my order is late."),
        ("politeness_added", "Where is it", "Sorry to bother you, but where is it. Many thanks."),
        ("filler", "I need help.", "I actually need help."),
        ("synonym", "I want to purchase an automobile.", "I wish to buy a car."),
    ],
)
def test_among_others(operator: str, text: str, one_of_them: str) -> None:
    """Among what can be made is the sentence that a person would expect."""
    mutator = Mutator(MutationsConfig(), seed=1)
    made = {
        mutation.text
        for intensity in (0.0, 1.0)
        for n in range(400)
        if (mutation := mutator.one(GoldenPrompt((text,)), f"paraphrase.{operator}", n, intensity))
    }
    assert one_of_them in made


def test_nothing_to_rephrase() -> None:
    """A text without sentences has no politeness to add."""
    assert possible("politeness_added", "   ") == set()
