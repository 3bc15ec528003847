"""The verdict on two runs: planted changes are found, repeats count once, nothing proves nothing."""

from __future__ import annotations

from random import Random

import pytest

from flakestorm.model.record import TrialStatus
from flakestorm.scoring.comparison import ComparisonVerdict, Numbers, Pair, judge_pairs

P, F, E, N, S = (
    TrialStatus.PASSED,
    TrialStatus.FAILED,
    TrialStatus.ERRORED,
    TrialStatus.INCONCLUSIVE,
    TrialStatus.SKIPPED,
)


def pairs(*groups: tuple[int, TrialStatus, TrialStatus], arm: str = "noise") -> list[Pair]:
    """``count`` requests for each group of statuses before and after, over five golden prompts."""
    made: list[Pair] = []
    for count, base, head in groups:
        made += [Pair(f"p{n % 5}", arm, len(made) + n, base, head) for n in range(count)]
    return made


@pytest.mark.parametrize(
    ("groups", "verdict"),
    [
        ([(100, P, P)], ComparisonVerdict.NOT_WORSE),
        ([(60, P, P)], ComparisonVerdict.INCONCLUSIVE),
        ([(100, F, F)], ComparisonVerdict.NOT_WORSE),
        ([(400, P, P), (6, P, F)], ComparisonVerdict.WORSE),
        ([(400, P, P), (5, P, F)], ComparisonVerdict.NOT_WORSE),
        ([(40, P, P), (5, P, F)], ComparisonVerdict.INCONCLUSIVE),
        ([(40, P, P), (12, F, P)], ComparisonVerdict.NOT_WORSE),
        ([(200, P, P), (20, P, F), (20, F, P)], ComparisonVerdict.INCONCLUSIVE),
        ([], ComparisonVerdict.INCONCLUSIVE),
        ([(100, E, P), (100, S, N)], ComparisonVerdict.INCONCLUSIVE),
        ([(300, P, P), (15, P, E)], ComparisonVerdict.NOT_WORSE),
        ([(300, P, P), (20, P, E)], ComparisonVerdict.INCONCLUSIVE),
        ([(300, P, P), (90, E, P)], ComparisonVerdict.NOT_WORSE),
        ([(300, P, P), (20, P, E), (9, P, F)], ComparisonVerdict.WORSE),
    ],
)
def test_verdicts(groups: list[tuple[int, TrialStatus, TrialStatus]], verdict: ComparisonVerdict) -> None:
    """Enough changes to the worse; enough pairs without them; too few of both; too many lost to errors."""
    assert judge_pairs(pairs(*groups)).verdict is verdict


def test_exit_codes() -> None:
    """0 not worse, 1 worse, 4 inconclusive."""
    assert [str(v) for v in ComparisonVerdict] == ["worse", "not worse", "inconclusive"]
    assert [v.exit_code for v in ComparisonVerdict] == [1, 0, 4]


def test_numbers() -> None:
    """By hand: 10 newly failing and 2 newly passing of 112, p as the exact test has it, Δ = 8 ÷ 112."""
    found = judge_pairs(pairs((100, P, P), (10, P, F), (2, F, P), (3, P, E), (4, E, F)))
    assert (found.pairs, found.judged, found.lost) == (119, 112, 3)
    assert (found.newly_failing, found.newly_passing) == (10, 2)
    assert found.p_value == pytest.approx(0.03857421875)
    assert found.difference == pytest.approx(8 / 112)
    assert found.low < 8 / 112 < found.high


def test_margin_and_bias() -> None:
    """A smaller margin needs more; partial runs and searches prove less."""
    some = pairs((100, P, P))
    assert judge_pairs(some, margin=0.01).verdict is ComparisonVerdict.INCONCLUSIVE
    worse = pairs((9, P, F))
    for partial, chosen in ((True, False), (False, True)):
        found = judge_pairs(some, partial=partial, chosen=chosen)
        assert found.verdict is ComparisonVerdict.INCONCLUSIVE
    assert judge_pairs(worse, partial=True).verdict is ComparisonVerdict.WORSE
    assert judge_pairs(worse, chosen=True).verdict is ComparisonVerdict.INCONCLUSIVE


def test_repeats_count_once() -> None:
    """Two requests that newly fail in all five repeats are two changes, not ten."""
    repeated = [Pair("p", "noise", n % 2, P, F) for n in range(10)]
    found = judge_pairs([*repeated, *pairs((50, P, P))[2:]])
    assert (found.newly_failing, found.worse_requests) == (10, 2)
    assert found.p_value == 0.5
    assert found.verdict is ComparisonVerdict.INCONCLUSIVE


def test_mixed_repeats_weigh_what_they_are() -> None:
    """A request whose repeats changed by one of four counts a quarter; a draw is no change."""
    quarter = [Pair("p", "noise", 0, P, F), *[Pair("p", "noise", 0, P, P)] * 3]
    draw = [Pair("p", "noise", 1, P, F), Pair("p", "noise", 1, F, P)]
    found = judge_pairs([*quarter, *draw])
    assert found.difference == pytest.approx(0.125)
    assert (found.worse_requests, found.better_requests, found.requests) == (1, 0, 2)


def control(prompt: str, base: str, head: str) -> list[Pair]:
    """The control arm of a golden prompt; a letter for each trial: p, f, e."""
    status = {"p": P, "f": F, "e": E}
    return [Pair(prompt, "", -1, status[a], status[b]) for a, b in zip(base, head, strict=True)]


def test_collapse_is_worse() -> None:
    """A golden prompt that always passed and now fails undisturbed; its other trials are set aside then."""
    before = [Pair("p", "noise", n, P, N) for n in range(20)]
    found = judge_pairs([*control("p", "ppp", "fff"), *before])
    assert found.verdict is ComparisonVerdict.WORSE
    assert [(one.prompt, one.failed) for one in found.collapsed] == [("p", 3)]


@pytest.mark.parametrize(
    ("base", "head", "others"),
    [
        ("ppp", "fff", 0),
        ("p", "f", 20),
        ("ppp", "ffp", 50),
        ("ppf", "fff", 50),
        ("eee", "fff", 50),
        ("ppp", "eee", 50),
    ],
)
def test_what_is_no_collapse(base: str, head: str, others: int) -> None:
    """Too few trials to tell it from chance, a trial that passes, one that failed before, and errors."""
    found = judge_pairs([*control("p", base, head), *pairs((others, P, N))])
    assert (found.collapsed, found.verdict) == ((), ComparisonVerdict.INCONCLUSIVE)


def test_rows_put_the_worst_first() -> None:
    """What newly fails most comes first; the control arm has no name."""
    found = judge_pairs([*pairs((5, P, F)), *pairs((9, F, P), arm="tone"), *pairs((2, P, P), arm="")])
    rows = [(row.name, row.judged, row.newly_failing, row.newly_passing) for row in found.arms]
    assert rows == [("noise", 5, 5, 0), ("", 2, 0, 0), ("tone", 9, 0, 9)]


def simulated(rng: Random, worse_by: float) -> Numbers:
    """Two runs of a flaky agent: ten prompts of different difficulty, thirty requests each, two repeats."""
    made = []
    for prompt in range(10):
        for request in range(30):
            chance = 0.05 + 0.04 * prompt * (request % 3 == 0)
            for _ in range(2):
                base = F if rng.random() < chance else P
                head = F if rng.random() < chance + worse_by else P
                made.append(Pair(f"p{prompt}", "noise", prompt * 100 + request, base, head))
    return judge_pairs(made)


def test_false_alarms_and_power() -> None:
    """Of 200 comparisons of an agent with itself at most 5 % say worse; of one 12 points worse most do."""
    rng = Random(5)
    same = [simulated(rng, 0.0).verdict for _ in range(200)]
    assert same.count(ComparisonVerdict.WORSE) <= 10
    worse = [simulated(rng, 0.12).verdict for _ in range(40)]
    assert worse.count(ComparisonVerdict.WORSE) >= 36
    assert ComparisonVerdict.NOT_WORSE not in worse
