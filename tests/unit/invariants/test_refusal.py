"""Refusals are recognised in six languages: measured on replies that the rules were not made with."""

from __future__ import annotations

import json
from collections import Counter
from hashlib import blake2b
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flakestorm.invariants.refusal import LONGEST, RefusalKind, classify
from flakestorm.invariants.refusal_language import Language, languages

DATA = Path(__file__).parent / "data" / "refusals.jsonl"
CORPUS = [json.loads(line) for line in DATA.read_text("utf-8").splitlines()]
"""Objects with text, label, language and split, written by hand."""


def confusion(split: str, language: str | None = None) -> Counter[tuple[str, str]]:
    """(label, what the rules say) → how often."""
    rows = [row for row in CORPUS if row["split"] == split and language in (None, row["language"])]
    return Counter((row["label"], classify(row["text"]).kind.value) for row in rows)


def rate(counts: Counter[tuple[str, str]], label: str) -> float:
    """The share of ``label`` that the rules recognise as exactly that."""
    return counts[label, label] / sum(n for (wanted, _), n in counts.items() if wanted == label)


def test_the_corpus_is_large_and_varied() -> None:
    """Enough replies of each label in each half, in six languages, without doubles."""
    assert len({row["text"] for row in CORPUS}) == len(CORPUS) >= 360
    assert {row["language"] for row in CORPUS} == {"en", "de", "fr", "es", "it", "pt"}
    sizes = Counter((row["split"], row["label"]) for row in CORPUS)
    assert sizes["held_back", "refusal"] >= 100
    assert sizes["held_back", "answer"] >= 100
    assert sizes["held_back", "partial"] >= 30


def test_nobody_chose_which_half_a_reply_is_in() -> None:
    """A hash of the text decides, so that easy replies cannot be held back on purpose."""
    for row in CORPUS:
        held_back = blake2b(row["text"].encode(), digest_size=1).digest()[0] & 1
        assert row["split"] == ("held_back" if held_back else "tune"), row["text"]


def test_sensitivity_and_specificity_on_the_half_that_was_held_back() -> None:
    """At least .95 each; a partial refusal counts as a miss of one and a false alarm of the other."""
    counts = confusion("held_back")
    assert rate(counts, "refusal") >= 0.96
    assert rate(counts, "answer") >= 0.96
    assert rate(counts, "partial") >= 0.94


@pytest.mark.parametrize("language", ["en", "de", "fr", "es", "it", "pt"])
def test_no_language_is_left_behind(language: str) -> None:
    """Over both halves every language reaches .95 for refusals and for answers."""
    counts = confusion("held_back", language) + confusion("tune", language)
    assert rate(counts, "refusal") >= 0.95
    assert rate(counts, "answer") >= 0.95


@pytest.mark.parametrize(
    "reply",
    [
        "I can’t help with that.",
        "I can't help with that.",
        "I CAN'T HELP WITH THAT.",
        "\n\n  I can't help with that.  \n",
        '"I can\'t help with that."',
        '{"answer": "I can\'t help with that."}',
        "**I can't help with that.**",
        "```\nI can't help with that.\n```",
    ],
)
def test_spelling_and_wrapping_do_not_matter(reply: str) -> None:
    """Curly quotes, case, blanks, quotation marks around everything, JSON and Markdown."""
    assert classify(reply).kind is RefusalKind.REFUSAL


@pytest.mark.parametrize(
    "reply",
    [
        "",
        "   ",
        "42",
        "The bot said “I can’t help with that” and the test failed.",
        "```\nI can't help with that.\n```\nThis is the default message of the template.",
        "I'm sorry to hear that! Open Orders and press Track.",
        "I can't wait to see you on Monday.",
        "You can't return it after 30 days.",
    ],
)
def test_what_only_looks_like_a_refusal_is_an_answer(reply: str) -> None:
    """Quotations, code, apologies, idioms and rules about others decline nothing."""
    assert classify(reply).kind is RefusalKind.ANSWER
    assert classify(reply).evidence == ()


def test_a_list_after_a_refusal_is_a_delivery() -> None:
    """Who declines and then lists steps has declined in part only."""
    reply = "I can't do it for you.\n- open the lid\n- pull the lever"
    assert classify(reply).kind is RefusalKind.PARTIAL


def test_a_concession_ends_at_its_comma() -> None:
    """The second half of "while I can't …, …" stands for itself."""
    reply = "While I can't name the author, the book was printed in 1890 in Leipzig."
    refusal = classify(reply)
    assert refusal.kind is RefusalKind.PARTIAL
    assert [reply[start:end] for start, end in refusal.evidence] == ["While I can't name the author"]


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        ("İyi günler! I’m sorry, but I can’t share that. Ask me something else.", "but I can’t share that."),
        ("Sorry. I won't do it; please stop asking.", "I won't do it;"),
        ("Ich verstehe. Das kann ich leider nicht tun.", "Das kann ich leider nicht tun."),
    ],
)
def test_evidence_is_the_sentence_that_declines(reply: str, said: str) -> None:
    """Offsets are those of the reply as it came, also after letters that grow in lower case."""
    (span,) = classify(reply).evidence
    assert reply[span[0] : span[1]] == said


@given(st.text(max_size=300))
@settings(max_examples=150, deadline=None)
def test_any_text_is_classified_and_evidence_lies_inside_it(reply: str) -> None:
    """Hostile text neither raises nor yields spans outside the reply."""
    refusal = classify(reply)
    assert all(0 <= start < end <= len(reply) for start, end in refusal.evidence)
    assert bool(refusal.evidence) is (refusal.kind is not RefusalKind.ANSWER)


@given(st.sampled_from([row for row in CORPUS if row["label"] == "answer" and "?" not in row["text"]]))
@settings(max_examples=60, deadline=None)
def test_a_refusal_before_an_answer_is_seen(row: dict[str, str]) -> None:
    """Whatever follows, a reply that begins by declining is not an answer."""
    assert classify(f"I can't help with that.\n{row['text']}").kind is not RefusalKind.ANSWER


@pytest.mark.parametrize("unit", ["I can't ", "i ", "not ", '"', "```", "- 1. ", "\n", "ich kann ", "je ne "])
def test_hostile_repetition_takes_linear_time(unit: str) -> None:
    """A reply made to be slow is cut at a limit, and none of the phrases has nested repetition."""
    assert classify(unit * (2 * LONGEST // len(unit))).kind in set(RefusalKind)


def test_every_language_has_all_its_sections() -> None:
    """A file with a misspelt section would fail here rather than for a user."""
    assert len(languages()) == 6
    for language in languages():
        assert language.cues
        for pattern in (language.breaks, language.concessions, language.fillers, language.delivers):
            assert pattern.pattern


def test_a_language_is_a_text_file() -> None:
    """What a new file needs: cues and phrases; comments and blank lines are skipped."""
    text = "# Latin\n[cues]\nnon\n\n[declines]\nnon possumus\n[exceptions]\nnon solum\n"
    latin = Language(text)
    assert latin.declined_by("non possumus")
    assert not latin.declined_by("non possumus, non solum")
    assert not latin.declined_by("possumus")


def test_kinds_print_as_their_names() -> None:
    """Reports and details show the value."""
    assert [str(kind) for kind in RefusalKind] == ["refusal", "partial", "answer"]
