"""What may not be touched: exact values, found where people put them."""

from __future__ import annotations

from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flakestorm.mutations.protected import protected_spans


def values(text: str) -> list[str]:
    """The protected parts of ``text``."""
    return [text[start:end] for start, end in protected_spans(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Open https://example.com/a?b=1&c=2#top, please.", ["https://example.com/a?b=1&c=2#top"]),
        ("Go to www.example.org.", ["www.example.org"]),
        ("Mail bob.o-hara+x@mail.example.co.uk now", ["bob.o-hara+x@mail.example.co.uk"]),
        ("Where is order 4512?", ["4512"]),
        ("Order #A-4512/b, version v1.2.3.", ["#A-4512/b", "v1.2.3"]),
        ("It costs $1,299.50 or €20 or 5 USD.", ["$1,299.50", "€20", "5 USD"]),
        ("Run 5 km, 10% faster, at 3:30 p.m.", ["5 km", "10%", "3:30 p.m"]),
        ("On 2024-05-03, 3rd of May 2024 or May 3, 2024.", ["2024-05-03", "3rd of May 2024", "May 3, 2024"]),
        ("Use `rm -rf /` and ```\nx = 1\n```!", ["`rm -rf /`", "```\nx = 1\n```"]),
        ("Dear {name}, {{ user.id }} and ${HOME}", ["{name}", "{{ user.id }}", "${HOME}"]),
        ("Say \"good bye.\" or “hello” or 'yes'.", ['"good bye."', "“hello”", "'yes'"]),
        ("I don't think it's the dogs' fault.", []),
        ("Nothing to see here, may I go?", []),
        ("", []),
    ],
)
def test_values(text: str, expected: list[str]) -> None:
    """Each kind of value is found, without the punctuation of the sentence around it."""
    assert values(text) == expected


@given(st.text(max_size=200))
def test_spans_are_ordered_and_apart(text: str) -> None:
    """Spans are in order, not empty, and do not overlap: ``Wording.is_free`` relies on it."""
    done = 0
    for start, end in protected_spans(text):
        assert done <= start < end <= len(text)
        done = end


@pytest.mark.parametrize("piece", ["a", "a.", "@", "'", '"', "`", "{", "1a", "a@b.", "x/", "```", "$", "“"])
def test_hostile_texts_take_linear_time(piece: str) -> None:
    """A long run of anything is read in about the time that it takes to read it once."""
    start = process_time()
    protected_spans(piece * 20_000)
    assert process_time() - start < 2
