"""What texts have that an agent could stumble over, and what of it is news to a search."""

from __future__ import annotations

import time

import pytest

from flakestorm.core.novelty import QUALITY, Novelty, weigh
from flakestorm.core.trait_shapes import SHAPES
from flakestorm.core.traits import Trait, traits
from flakestorm.model.mutation import Kind, Mutation
from flakestorm.model.prompt import GoldenPrompt

PROMPT = GoldenPrompt(("Where is my order 4512?",))


def mutation(text: str, kind: Kind = Kind.PRESERVES_MEANING, *earlier: str) -> Mutation:
    """One that makes ``text`` of the golden prompt."""
    return Mutation("noise", "noise.some", (*earlier, text), kind, 0, 0.3, ())


@pytest.mark.parametrize(
    ("text", "trait"),
    [
        ("where is my order 4512?", ("case", "lower")),
        ("WHERE IS MY ORDER 4512?", ("case", "upper")),
        ("Where is my order 4512?\n", ("edge", "ends with U+000A")),
        ("\tWhere is my order 4512?", ("edge", "begins with U+0009")),
        ("Where is my order 4512", ("edge", "no closing mark")),
        ("Where is my order 4512", ("last character", "letter or digit")),
        ("", ("edge", "empty")),
        (" \n", ("edge", "blank")),
        ("?", ("short", 1)),
        ("Where is my ordеr 4512?", ("alphabet", "not Latin-1")),
        ("Where is my örder 4512?", ("alphabet", "not ASCII")),
        ("Where is my o\u0308rder 4512?", ("alphabet", "combining")),
        ("Where is my order ４５１２?", ("alphabet", "another form")),
        ("Where is my order 4512? 🙂", ("alphabet", "beyond the basic plane")),
        ("Where is my order 4,512?", ("number form", "9,999")),
        ("Where is my order 4,512?", ("lost number", "4512")),
        ("Where is my parcel 4512?", ("lost word", "order")),
        ("Where is my parcel 4512?", ("word", "parcel")),
        ("Hello! Where is my order 4512?", ("first word", "hello")),
        ("Hello! Where is my order 4512?", ("before", 2)),
        ("Where is my order 4512? Thank you.", ("behind", 3)),
        ("Where is my order 4512? Where is my order 4512?", ("form", "repeated")),
        ("((([Where is my order 4512?", ("depth", 2)),
        ("Where is my order 4512?!!!!!!!!", ("repetition", 3)),
        ("x" * 5000, ("length", 12)),
        ("x" * 5000, ("long word", 9)),
        ("\n\n\n\nWhere is my order 4512?", ("lines", 2)),
        ("<p>Where is my order 4512?</p>", ("shape", "markup")),
        ("Where is my order 4512? {{ x }}", ("shape", "double braces")),
        ('Where is my order 4512? "', ("sign", ord('"'))),
    ],
)
def test_traits_of_a_text(text: str, trait: Trait) -> None:
    """Each is found in the text that has it, and not in the golden prompt as it is."""
    assert trait in traits(PROMPT, mutation(text))
    assert trait not in traits(PROMPT, mutation(PROMPT.text))


def test_what_the_prompt_has_itself_is_no_trait() -> None:
    """A question mark and a number are nothing new."""
    assert traits(PROMPT, mutation(PROMPT.text)) == {("type", "noise"), ("operator", "noise.some")}
    assert ("form", "more turns") in traits(PROMPT, mutation(PROMPT.text, Kind.HOSTILE, "Hello."))


def test_a_prompt_of_nothing_has_traits_too() -> None:
    """There is nothing that could stand before or behind it."""
    empty = GoldenPrompt(("",))
    assert ("edge", "begins with U+0020") in traits(empty, mutation(" a"))
    assert not [trait for trait in traits(empty, mutation("abc")) if trait[0] in ("before", "behind")]


@pytest.mark.parametrize("piece", ["(", "<", "'", '"', "|", "@", "&a", "\\a", "\n ", "a.", "1 ", "{", "$"])
def test_reading_takes_time_in_proportion(piece: str) -> None:
    """No pattern runs away on a long text of one piece."""
    begun = time.process_time()
    traits(PROMPT, mutation(piece * 100_000))
    assert time.process_time() - begun < 0.5


def test_shapes_find_what_they_are_called_after() -> None:
    """Some of them on examples of their own."""
    examples = {
        "record": '{"a": 1}',
        "tower": "9^9",
        "role": "\n[system] hello",
        "path": "../etc",
        "dots": "...",
    }
    assert all(SHAPES[name].search(text) for name, text in examples.items())
    assert not any(pattern.search("Where is it?") for pattern in SHAPES.values())


def test_what_was_shown_is_worth_less() -> None:
    """And something else as much as before."""
    novelty, emoji = Novelty(), weigh(PROMPT, mutation(f"{PROMPT.text} 🙂"))
    tab = weigh(PROMPT, mutation(f"\t{PROMPT.text}"))
    first, other = novelty.worth(emoji), novelty.worth(tab)
    novelty.shown(emoji)
    assert novelty.worth(emoji) < 0.5 * first
    assert other > novelty.worth(tab) > 0.4 * other


def test_traits_count_in_each_sense_in_which_rules_can_break() -> None:
    """Where the meaning is kept the answer is judged, too; a hostile text can be obeyed."""
    text = f"{PROMPT.text} 🙂"

    def senses(kind: Kind) -> set[str]:
        return {sense for (sense, _), _ in weigh(PROMPT, mutation(text, kind))}

    assert senses(Kind.EDGE) == senses(Kind.CHANGES_MEANING) == {"cope"}
    assert senses(Kind.PRESERVES_MEANING) == senses(Kind.USER) == {"cope", "answer"}
    assert senses(Kind.HOSTILE) == {"cope", "obey"}


def test_one_word_more_is_worth_little() -> None:
    """Against a sign of another kind."""
    worth = dict(weigh(PROMPT, mutation("Where is my parcel 4512?\n")))
    assert worth["answer", ("word", "parcel")] < worth["answer", ("lost word", "order")]
    assert worth["answer", ("lost word", "order")] < worth["answer", ("edge", "ends with U+000A")] == QUALITY
