"""``scoring.interval`` decides how the intervals of totals are taken."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from flakestorm.model.record import TrialStatus
from flakestorm.scoring.config import ScoringConfig
from flakestorm.scoring.counts import Cells
from flakestorm.scoring.interval_choice import interval_called
from flakestorm.scoring.intervals import clustered, wilson

PASSED = [18.0, 20.0, 11.0, 16.0, 20.0, 19.0, 13.0, 17.0]
JUDGED = [20.0] * 8
RATE = sum(PASSED) / sum(JUDGED)


def test_the_default_is_by_linearisation() -> None:
    """The function itself, so that nothing changes for whoever does not ask."""
    assert interval_called("clustered", 1) is clustered


def test_the_bootstrap_is_over_golden_prompts() -> None:
    """It holds the rate, is wider than if trials were independent, and a little narrower than the other."""
    low, high = interval_called("bootstrap", 1)(PASSED, JUDGED, 160)
    pooled = wilson(RATE * 160, 160)
    other = clustered(PASSED, JUDGED, 160)
    assert other[0] < low < pooled[0] < RATE < pooled[1] < high
    assert high - low < other[1] - other[0]


def test_the_seed_of_the_run_decides() -> None:
    """The same run made anew has the same interval; another seed draws others."""
    one = interval_called("bootstrap", 1)(PASSED, JUDGED, 160)
    assert one == interval_called("bootstrap", 1)(PASSED, JUDGED, 160)
    assert one != interval_called("bootstrap", 2)([one + 0.37 for one in PASSED], [21.0] * 7 + [23.5], 160)


def test_where_nothing_failed_nothing_is_certain() -> None:
    """All alike, a single golden prompt, and none: Wilson's interval, or everything."""
    bootstrap = interval_called("bootstrap", 1)
    assert bootstrap([5.0, 5.0], [5.0, 5.0], 10) == wilson(10, 10)
    assert bootstrap([3.0], [5.0], 5) == wilson(3, 5)
    assert bootstrap([0.0], [0.0], 0) == (0.0, 1.0)


def test_scores_take_the_interval_they_are_given() -> None:
    """The value is the same whichever it is."""
    cells = Cells()
    for prompt, (passed, judged) in enumerate(zip(PASSED, JUDGED, strict=True)):
        for trial in range(int(judged)):
            cells.add(str(prompt), "noise", TrialStatus.PASSED if trial < passed else TrialStatus.FAILED)
    drawn = cells.score(lambda _: 1.0, interval_called("bootstrap", 3))
    usual = cells.score(lambda _: 1.0)
    assert drawn is not None
    assert usual is not None
    assert drawn.value == usual.value == RATE
    assert (drawn.low, drawn.high) == interval_called("bootstrap", 3)(PASSED, JUDGED, 160)


def test_the_key_stands_beside_the_weights_in_both_forms() -> None:
    """Flat and with ``weights`` one level deeper; anything but the two names is refused."""
    assert ScoringConfig().interval == "clustered"
    assert ScoringConfig.model_validate({"interval": "bootstrap"}).interval == "bootstrap"
    half = {"mutation": 0.5, "chaos": 0.5, "contract": 0, "replay": 0}
    deeper = ScoringConfig.model_validate({"weights": half, "interval": "bootstrap"})
    assert (deeper.interval, deeper.weights) == ("bootstrap", half)
    for wrong in ({"interval": "jackknife"}, {"weights": {**half, "interval": "bootstrap"}}):
        with pytest.raises(ValidationError):
            ScoringConfig.model_validate(wrong)
