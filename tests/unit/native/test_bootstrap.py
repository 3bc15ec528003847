"""Both twins of the bootstrap draw the same numbers and so give the same ratios."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flakestorm.scoring.bootstrap import bootstrap_interval, ratios

Ratios = Callable[[list[float], list[float], list[int], int, int], list[float]]


@pytest.fixture(params=["python", "native"])
def draw(request: pytest.FixtureRequest) -> Ratios:
    """One of the twins."""
    if request.param == "python":
        return ratios
    extension = pytest.importorskip("flakestorm_rust", reason="the extension is not installed")
    found: Ratios = extension.bootstrap_ratios
    return found


def test_ratios_scatter_like_the_rate(draw: Ratios) -> None:
    """Their mean is the rate, their variance that of a binomial rate."""
    found = draw([0.0, 1.0], [1.0, 1.0], [200, 800], 4000, 5)
    mean = sum(found) / len(found)
    variance = sum((one - mean) ** 2 for one in found) / len(found)
    assert mean == pytest.approx(0.8, abs=0.001)
    assert variance == pytest.approx(0.8 * 0.2 / 1000, rel=0.08)


def test_many_kinds_are_drawn_evenly(draw: Ratios) -> None:
    """Forty kinds of one unit each: the mean of their values."""
    found = draw([float(kind) for kind in range(40)], [1.0] * 40, [1] * 40, 3000, 1)
    assert sum(found) / len(found) == pytest.approx(19.5, abs=0.15)


def test_the_seed_decides(draw: Ratios) -> None:
    """The same seed draws the same, another one does not."""
    one = draw([0.0, 1.0], [1.0, 1.0], [50, 50], 20, 2**64 - 1)
    assert one == draw([0.0, 1.0], [1.0, 1.0], [50, 50], 20, 2**64 - 1)
    assert one != draw([0.0, 1.0], [1.0, 1.0], [50, 50], 20, 0)


KINDS = st.lists(
    st.tuples(
        st.floats(0, 5),
        st.floats(0.1, 5),
        st.one_of(st.integers(1, 50), st.sampled_from([1023, 32768, 32769, 70001])),
    ),
    min_size=1,
    max_size=20,
)


@settings(max_examples=60, deadline=None)
@given(KINDS, st.integers(1, 6), st.integers(0, 2**64 - 1))
def test_both_give_the_same(kinds: list[tuple[float, float, int]], resamples: int, seed: int) -> None:
    """To the last bit, whatever is drawn from."""
    extension = pytest.importorskip("flakestorm_rust", reason="the extension is not installed")
    tops, bottoms, units = (list(part) for part in zip(*kinds, strict=True))
    assert extension.bootstrap_ratios(tops, bottoms, units, resamples, seed) == ratios(
        tops, bottoms, units, resamples, seed
    )


def test_the_extension_refuses_what_fits_together_badly() -> None:
    """Lists of different lengths, and nothing at all."""
    extension = pytest.importorskip("flakestorm_rust", reason="the extension is not installed")
    for tops, bottoms, units in (([1.0], [1.0, 2.0], [1]), ([], [], []), ([1.0], [1.0], [0])):
        with pytest.raises(ValueError, match="three lists"):
            extension.bootstrap_ratios(tops, bottoms, units, 1, 0)


def test_the_interval_holds_the_rate_of_large_samples() -> None:
    """Like the normal interval of a rate where units are many, and the same each time."""
    tops, bottoms = [1.0] * 800 + [0.0] * 200, [1.0] * 1000
    low, high = bootstrap_interval(tops, bottoms, 7)
    assert (low, high) == pytest.approx((0.7752, 0.8248), abs=0.004)
    assert bootstrap_interval(tops, bottoms, 7) == (low, high)


def test_units_without_variety_have_no_width() -> None:
    """All alike: nothing that is drawn can differ."""
    assert bootstrap_interval([2.0] * 9, [4.0] * 9, 1) == (0.5, 0.5)
    with pytest.raises(ValueError, match="at least one unit"):
        bootstrap_interval([], [], 1)
