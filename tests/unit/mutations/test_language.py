"""The grammar that mutations rest on: word forms, dates, numbers, sentences and phrases."""

from __future__ import annotations

import re
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flakestorm.model.mutation import Edit
from flakestorm.model.randomness import Draws
from flakestorm.mutations import tables
from flakestorm.mutations.dates import dates, formats, ordinal
from flakestorm.mutations.edits import MOST, around, pick
from flakestorm.mutations.inflection import article, noun_forms, verb_forms
from flakestorm.mutations.numerals import NUMBER_WORDS, in_words
from flakestorm.mutations.openings import closed_by, commands, led_by, opened_by
from flakestorm.mutations.phrasebook import Phrasebook
from flakestorm.mutations.protected import protected_spans
from flakestorm.mutations.wording import Wording, in_case_of


def read(text: str) -> Wording:
    """The wording of ``text``."""
    return Wording(text, protected_spans(text))


@pytest.mark.parametrize(
    ("verb", "forms"),
    [
        ("reply", "reply replies replied replied replying"),
        ("stop", "stop stops stopped stopped stopping"),
        ("change", "change changes changed changed changing"),
        ("write", "write writes wrote written writing"),
        ("put off", "put off|puts off|put off|put off|putting off"),
        ("fix", "fix fixes fixed fixed fixing"),
        ("agree", "agree agrees agreed agreed agreeing"),
        ("buy", "buy buys bought bought buying"),
    ],
)
def test_verb_forms(verb: str, forms: str) -> None:
    """Regular, doubling, silent e, consonant y, irregular, and a verb with a particle."""
    assert "|".join(verb_forms(verb)) == forms.replace(" ", "|") or "|".join(verb_forms(verb)) == forms


def test_noun_forms() -> None:
    """Plurals, and nouns that have none."""
    nouns = ("box", "company", "child", "web page", "advice", "key")
    plurals = [noun_forms(noun)[-1] for noun in nouns]
    assert plurals == ["boxes", "companies", "children", "web pages", "advice", "keys"]


def test_article() -> None:
    """The sound decides, not the letter."""
    words = ("apple", "user", "hour", "hotel", "European", "unusual", "one-way")
    assert [article(word) for word in words] == ["an", "a", "an", "a", "a", "an", "a"]


@given(st.dates(min_value=date(1000, 1, 1)))
def test_every_format_is_read_as_the_same_day(day: date) -> None:
    """Whichever way a date is written, it is the same day when it is read; 2024/05/03 is only written."""
    for written in formats(day)[:-1]:
        assert dates(f"on {written}, please") == [(3, 3 + len(written), day)]


@pytest.mark.parametrize("text", ["31 February 2024", "03/04/2024", "2024-13-01", "May 2024", "10.05.2024"])
def test_unclear_and_impossible_dates_are_left_alone(text: str) -> None:
    """A date that can be read in two ways, or in none, is no date."""
    assert dates(text) == []


def test_ordinals() -> None:
    """The teens are irregular."""
    numbers = (1, 2, 3, 4, 11, 12, 13, 21, 22, 31)
    assert " ".join(map(ordinal, numbers)) == "1st 2nd 3rd 4th 11th 12th 13th 21st 22nd 31st"


def test_numbers_in_words() -> None:
    """Every number has its own words, and small ones are read back."""
    assert in_words(342) == "three hundred and forty-two"
    assert in_words(900) == "nine hundred"
    assert len({in_words(number) for number in range(1000)}) == 1000
    assert all(NUMBER_WORDS[in_words(number)] == number for number in range(2, 100))


def test_sentences_and_gaps() -> None:
    """Sentences end at marks outside protected values; a blank line ends one too."""
    wording = read('Hello there!  Visit www.a.de. He said "Stop. Now." and left\n\nBye')
    texts = [wording.text[start:end] for start, end in wording.sentences]
    assert texts == ["Hello there!", "Visit www.a.de.", 'He said "Stop. Now." and left', "Bye"]


def test_words_leave_protected_values_out() -> None:
    """Words inside URLs, quotations and the like are not there to be changed."""
    words = [word.text for word in read("Don't open https://a.de/b in `my code` for {name}!").words]
    assert words == ["Don't", "open", "in", "for"]


@pytest.mark.parametrize(
    ("text", "asks"),
    [("Where is it?", True), ("where is it", True), ("Go. Can I?", True), ("Cancel it.", False), ("", False)],
)
def test_questions(text: str, asks: bool) -> None:
    """A question mark or a question word makes a question."""
    assert read(text).is_question is asks


def test_joint() -> None:
    """What follows a text is set apart from it."""
    assert [read(text).joint for text in ("Go", "Go.", " Go ", "")] == [". ", " ", ". ", ""]


def test_in_case_of() -> None:
    """Capitals follow the word that is replaced."""
    cases = [in_case_of("Big", "large"), in_case_of("BIG", "large"), in_case_of("big", "large")]
    assert cases == ["Large", "LARGE", "large"]
    assert [in_case_of("I", "me"), in_case_of("大", "large"), in_case_of("", "x")] == ["Me", "large", "x"]


def test_phrases_are_found_longest_first() -> None:
    """The longest entry wins, and neither hyphens nor punctuation nor protected words are bridged."""
    book = Phrasebook({"thank you": 1, "you": 2, "thank you very much": 3})
    text = "Thank you very much. You, thank! you 'thank you'. thank-you"
    found = [(text[entry.start : entry.end], entry.entry) for entry in book.find(read(text))]
    assert found == [("Thank you very much", 3), ("You", 2), ("you", 2)]


def test_commands() -> None:
    """A command begins with a verb, maybe after please; a question is none, nor is a statement."""
    wording = read("Cancel it. Please send me a receipt! Open it? I need help. Kindly")
    assert [wording.text[start:end] for start, end in commands(wording)] == [
        "Cancel it.",
        "Please send me a receipt!",
    ]


def test_led_by_lowers_only_what_may_be_lowered() -> None:
    """A name, an abbreviation and "I" keep their capital."""
    texts = ("Where is it?", "Berlin is big.", "WHERE is it?", "I am here.", '"Quoted" text.')
    led = [led_by(read(text), read(text).sentences[0], "So, ") for text in texts]
    assert led == [Edit(0, 1, "So, w"), *[Edit(0, 0, "So, ")] * 4]


def test_opened_and_closed() -> None:
    """After a full stop the capital stays; a mark is replaced, added, or left as it is."""
    wording = read(" Where is it?")
    assert opened_by(wording, "Hello.") == Edit(1, 1, "Hello. ")
    assert opened_by(wording, "Hello,") == Edit(1, 2, "Hello, w")
    sentence = wording.sentences[0]
    assert closed_by(wording, sentence, ".") == (Edit(12, 13, "."),)
    assert closed_by(wording, sentence, "?") == ()
    assert closed_by(read("Go"), (0, 2), "!") == (Edit(2, 2, "!"),)


def test_pick_takes_its_share() -> None:
    """At least one, in order, and never more than can be looked at."""
    rng = Draws(1)
    assert len(pick(rng, range(10), 0.0)) == 1
    assert pick(rng, range(10), 1.0) == list(range(10))
    some = pick(rng, range(100), 0.3)
    assert len(some) == 30
    assert some == sorted(set(some))
    assert len(pick(rng, range(10 * MOST), 1.0)) == MOST


def test_around_without_anything() -> None:
    """Nothing to put around makes no draft."""
    assert around("text", "", "") is None


SIZES = {
    "misspellings": 300,
    "homophones": 80,
    "sms": 100,
    "spelling": 120,
    "contractions": 50,
    "irregular": 20,
}


@pytest.mark.parametrize("name", SIZES)
def test_lists_are_rich(name: str) -> None:
    """The word lists are large enough for mutations to differ, and hold no entry twice."""
    entries = [re.split("[:=>]", line)[0].strip() for line in tables.lines(name)]
    assert len(entries) >= SIZES[name]
    assert len(entries) == len(set(entries))


def test_synonyms_are_rich_and_never_themselves() -> None:
    """More than 200 groups; no word stands for itself."""
    groups = tables.sections("synonyms")
    assert sum(map(len, groups.values())) >= 200
    for heading in filter(None, groups):
        assert all(word != other for word, other in tables.pairs("synonyms", heading))


@pytest.mark.parametrize("name", ["misspellings", "sms", "phonetic", "ocr"])
def test_replacements_differ(name: str) -> None:
    """A replacement equal to the word would be a no-op."""
    for word, others in tables.table(name).items():
        assert all(others)
        assert word not in others


def test_forms_stay_parallel() -> None:
    """``go/goes = walk/walks`` pairs each form with its counterpart, both ways."""
    assert ("colors", "colours") in tables.pairs("spelling")
    assert ("colours", "colors") in tables.pairs("spelling")
    assert ("colors", "colour") not in tables.pairs("spelling")


def test_one_way_pairs() -> None:
    """After ``>`` only the first member is replaced."""
    pairs = tables.pairs("synonyms", "verb")
    assert ("receive", "get") in pairs
    assert ("get", "receive") not in pairs
