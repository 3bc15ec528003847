"""What a text consists of: of a huge one, enough from everywhere in it and no more."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flakestorm.mutations.language_mixing_digits import written_numbers
from flakestorm.mutations.protected import protected_spans
from flakestorm.mutations.wording import GAP, LONG, STRETCHES, WORD, Wording

SENTENCE = "When does order 4512 arrive? I would like a refund of $20, please.\n"


def of(text: str) -> Wording:
    """The wording of ``text``."""
    return Wording(text, protected_spans(text))


@settings(max_examples=25)
@given(st.lists(st.sampled_from([SENTENCE, "word ", "don't", "\n\n", "4512 ", "…"]), max_size=40))
def test_all_of_an_ordinary_text_is_read(pieces: list[str]) -> None:
    """Every word and gap that is not protected."""
    text = "".join(pieces)
    wording = of(text)
    free = [match for match in WORD.finditer(text) if wording.is_free(*match.span())]
    assert [word.text for word in wording.words] == [match.group() for match in free]
    assert len(wording.gaps) == len([match for match in GAP.finditer(text) if wording.is_free(*match.span())])


@pytest.mark.parametrize("piece", [SENTENCE, "word ", "aB", "4 "])
def test_some_of_a_huge_text_is_read(piece: str) -> None:
    """About as much as is allowed, whatever the size; the words are whole, in order, and from everywhere."""
    text = piece * (10 * LONG // len(piece))
    wording = of(text)
    read = sum(word.end - word.start for word in wording.words) + sum(
        end - start for start, end in wording.gaps
    )
    assert read <= 1.3 * LONG
    assert [word.start for word in wording.words] == sorted({word.start for word in wording.words})
    assert all(word.text == text[word.start : word.end] for word in wording.words)


def test_a_huge_text_is_read_in_sentences_from_everywhere() -> None:
    """Each stretch begins and ends with a sentence; the first and the last sentence are among them."""
    text = SENTENCE * (10 * LONG // len(SENTENCE))
    words = of(text).words
    starts = [words[0].start]
    starts += [word.start for before, word in pairwise(words) if word.start - before.end > 20]
    assert len(starts) == STRETCHES
    assert {text[start : start + 6] for start in starts} <= {"When d", "I woul"}
    assert starts[0] == 0
    assert words[-1].end == len(text.rstrip()) - 1
    between = [after - before for before, after in pairwise(starts)]
    assert max(between) - min(between) <= 2 * len(SENTENCE)


def test_numbers_inside_of_quotations_are_not_written_numbers() -> None:
    """Neither is one behind the last quotation taken for a part of it."""
    text = "Is 5 of \"7 and 8\" or 9 '10 11' or 12?"
    assert [text[slice(*span)] for span in written_numbers(text)] == ["5", "9", "12"]
