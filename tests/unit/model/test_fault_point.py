"""Names of points of the fault space say everything, and can be read back."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flakestorm.model.fault_point import CallPosition, FaultPoint, points_in, scenario_name

NAMES = st.text(st.characters(exclude_characters="+", exclude_categories=["Cs"]), max_size=12)
POINTS = st.builds(
    FaultPoint,
    st.builds(
        CallPosition,
        st.sampled_from(["llm", "tool", "http"]),
        NAMES,
        st.none() | st.integers(1, 999_999_999),
    ),
    st.from_regex(r"[a-z_]{1,9}( [a-z0-9_]{1,5})?", fullmatch=True),
)


@given(st.tuples(POINTS) | st.tuples(POINTS, POINTS))
@settings(max_examples=200)
def test_names_are_read_back(points: tuple[FaultPoint, ...]) -> None:
    """Whatever models and tools are called, as long as they do not look like a pair."""
    first = points[0].position
    assert points_in(scenario_name(points)) == points or ": " in first.name


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("llm gpt-4o #1: rate_limit", [("llm", "gpt-4o", 1, "rate_limit")]),
        ("llm llama3:8b, every call: html_error 200", [("llm", "llama3:8b", None, "html_error 200")]),
        (
            "tool look up #2: stale + llm a/b #1: empty",
            [("tool", "look up", 2, "stale"), ("llm", "a/b", 1, "empty")],
        ),
        ("no-chaos", []),
        ("api_outage", []),
        ("llm x #0: empty", []),
        ("llm x #1: Empty", []),
    ],
)
def test_reading_names(name: str, expected: list[tuple[object, ...]]) -> None:
    """Names of other scenarios have no points."""
    found = [(p.position.kind, p.position.name, p.position.number, p.fault) for p in points_in(name)]
    assert found == expected


def test_what_covers_what() -> None:
    """Every call covers each call of the same model, for the same fault; a mode has no variant."""
    (every,) = points_in("llm m, every call: html_error 200")
    (second,) = points_in("llm m #2: html_error 200")
    (other,) = points_in("llm m #2: html_error 502")
    assert every.covers(second)
    assert every.covers(every)
    assert not second.covers(every)
    assert not every.covers(other)
    assert not every.covers(points_in("tool m #2: html_error 200")[0])
    assert second.mode == "html_error"
