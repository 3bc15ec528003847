"""Texts as people read them: hidden characters by name, changes in pieces, evidence marked, numbers short."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flakestorm.model.mutation import Edit, apply_edits
from flakestorm.model.run import Latency
from flakestorm.reports.hidden import is_hidden, pieces, plain
from flakestorm.reports.html_behaviour import behaviour_section
from flakestorm.reports.html_data import CallCount
from flakestorm.reports.html_difference import LARGE, differences
from flakestorm.reports.html_heatmap import _shade
from flakestorm.reports.html_measured import duration
from flakestorm.reports.html_text import difference, evidence, hostile, spaced
from flakestorm.reports.html_time import milliseconds
from flakestorm.reports.html_verdict import percent
from flakestorm.reports.markup import view

TEXT = st.text(st.characters(), max_size=40)


@given(text=TEXT)
def test_plain_text_hides_nothing(text: str) -> None:
    """After naming, only line ends and tabs are left of what does not show."""
    assert not any(is_hidden(character) for character in plain(text) if character not in "\n\t")


@given(text=TEXT)
def test_pieces_cover_the_text(text: str) -> None:
    """Shown pieces and runs of hidden characters have as many characters as the text, in its order."""
    found = list(pieces(text))
    assert sum(count or len(piece) for piece, count in found) == len(text)
    assert "".join(piece for piece, count in found if not count) == "".join(
        character for character in text if not is_hidden(character)
    )


@pytest.mark.parametrize("blank", ["\u3164", "\u2800", "\ufe0f", "\U000e0101", "\u00ad", "\u00a0", "\ud800"])
def test_what_looks_like_nothing_is_named(blank: str) -> None:
    """Fillers, variation selectors, soft hyphens, odd spaces and half surrogates show as U+…"""
    assert plain(f"a{blank}b") == f"aU+{ord(blank):04X}b"


@settings(max_examples=80)
@given(before=TEXT, after=TEXT, start=st.integers(0, 40), end=st.integers(0, 40))
def test_differences_rebuild_both_texts(before: str, after: str, start: int, end: int) -> None:
    """Without "+" the pieces are the golden prompt, without "-" they are the mutation."""
    low, high = sorted((min(start, len(before)), min(end, len(before))))
    edits = (Edit(low, high, after),)
    found = differences(before, edits)
    assert "".join(text for kind, text in found if kind != "+") == before
    assert "".join(text for kind, text in found if kind != "-") == apply_edits(before, edits)


def test_long_replacements_are_compared_by_word() -> None:
    """A paraphrase shows the words that changed; texts with little in common, or huge ones, stay whole."""
    old, new = "Please book a table for four.", "Please reserve a table for four."
    assert differences(old, (Edit(0, len(old), new),))[1:3] == [("-", "book"), ("+", "reserve")]
    other = "Ξένος κείμενο εδώ!"
    assert differences(old, (Edit(0, len(old), other),)) == [("-", old), ("+", other)]
    huge = "a b " * LARGE
    assert differences(old, (Edit(0, len(old), huge),)) == [("-", old), ("+", huge)]


def test_neighbouring_pieces_of_a_kind_are_joined() -> None:
    """Two insertions side by side read as one."""
    assert differences("ab", (Edit(1, 1, "x"), Edit(1, 1, "y"))) == [("=", "a"), ("+", "xy"), ("=", "b")]


@pytest.mark.parametrize(("text", "shown"), [(" a  b ", "␣a␣␣b␣"), ("a b", "a b"), ("  ", "␣␣"), ("", "")])
def test_spaces_that_go_unseen_are_drawn(text: str, shown: str) -> None:
    """At the ends, and where there are several."""
    assert spaced(text) == shown


def test_line_ends_are_marked_where_they_changed() -> None:
    """⏎ stands in changed text, a plain line end elsewhere; runs are counted."""
    assert hostile("a\nb").text == "<bdi>a\nb</bdi>"
    assert "⏎</span>\nb" in hostile("a\nb", mark_lines=True).text
    assert "U+200B×3" in hostile("\u200b\u200b\u200b").text


def test_evidence_is_marked_once_and_inside_the_text() -> None:
    """Overlapping and overhanging spans become marks that do not nest."""
    text = evidence("0123456789", ((2, 5), (4, 7), (9, 99), (50, 60))).text
    assert text.count("<mark>") == 3
    assert "<mark><bdi>234</bdi></mark>" in text
    assert "<mark><bdi>9</bdi></mark>" in text


def test_long_texts_show_the_surroundings() -> None:
    """Around evidence, around changes, or from the beginning; how much is missing is said."""
    long = "x" * 5000
    around = evidence(long, ((3000, 3010), (4990, 4999))).text
    assert around.startswith("…")
    assert around.count("<mark>") == 1
    assert "characters more" in around
    assert "3,500 characters more" in evidence(long, ()).text
    assert "3,500 characters more" in difference([("=", long)]).text
    assert len(difference([("=", long), ("+", "new"), ("=", long)]).text) < 2000


@pytest.mark.parametrize(
    ("share", "words"),
    [(0, "0 %"), (1, "100 %"), (0.834, "83 %"), (0.996, "99.6 %"), (0.9999, ">99.9 %"), (0.0004, "<0.1 %")],
)
def test_percent_never_claims_certainty(share: float, words: str) -> None:
    """Only 0 and 1 themselves are told as 0 % and 100 %."""
    assert percent(share) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.84, "0.8 s"), (42, "42 s"), (59.7, "1 min 00 s"), (185, "3 min 05 s"), (7620, "2 h 07 min")],
)
def test_duration(seconds: float, words: str) -> None:
    """Seconds, minutes and hours."""
    assert duration(seconds) == words


@pytest.mark.parametrize(
    ("value", "words"),
    [(0.42, "0.4 ms"), (412, "412 ms"), (999.9, "1.0 s"), (3200, "3.2 s"), (126_000, "2.1 min")],
)
def test_milliseconds(value: float, words: str) -> None:
    """The unit that reads best."""
    assert milliseconds(value) == words


@pytest.mark.parametrize(
    ("passed", "judged", "shade"),
    [(0, 0, "none"), (9, 9, "0"), (0, 9, "6"), (999, 1000, "1"), (1, 1000, "5"), (5, 10, "3")],
)
def test_shade_separates_all_from_nearly_all(passed: int, judged: int, shade: str) -> None:
    """One failure in a thousand is not the shade of none."""
    assert _shade(passed, judged) == f"shade-{shade}"


def test_view_encodes_its_values() -> None:
    """Values cannot add a key or end the address; half a surrogate pair becomes a question mark."""
    assert view(type="a&b=c#d", q="\ud800") == "#type=a%26b%3Dc%23d&q=%3F"


def test_behaviour_with_one_arm_or_without_buckets(run: object) -> None:
    """One arm alone is drawn alone; numbers without a histogram make a table without a picture."""
    from dataclasses import replace
    from typing import Any

    whole: Any = run
    control = behaviour_section(replace(whole, disturbed_latency=None), CallCount())
    disturbed = behaviour_section(replace(whole, control_latency=None), CallCount())
    bare = Latency(3, 1.0, 1.0, 1.0, 1.0, 1.0)
    numbers = behaviour_section(replace(whole, control_latency=bare, disturbed_latency=None), CallCount())
    assert control is not None
    assert disturbed is not None
    assert numbers is not None
    assert ("outline" in control.text, 'class="bar"' in control.text) == (True, False)
    assert ("outline" in disturbed.text, 'class="bar"' in disturbed.text) == (False, True)
    assert "<svg" not in numbers.text
    assert "1.0 ms" in numbers.text
