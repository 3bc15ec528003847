"""The bootstrap of a ratio of sums: how far it varies when what was observed is drawn again and again.

Here in NumPy, in the extension compiled. Both draw the same numbers and count in whole numbers, so that they
give the same interval to the last bit.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from math import ceil, floor
from typing import TYPE_CHECKING, Any

from flakestorm import native
from flakestorm.scoring.intervals import CONFIDENCE

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

RESAMPLES = 2000

_GOLDEN = 0x9E3779B97F4A7C15
_MASK = 2**64 - 1
_BLOCK = 2**15
"""Numbers drawn together: few enough for the processor's cache."""


def bootstrap_interval(
    tops: Sequence[float],
    bottoms: Sequence[float],
    seed: int,
    resamples: int = RESAMPLES,
    confidence: float = CONFIDENCE,
) -> tuple[float, float]:
    """The percentile interval of Σ tops ÷ Σ bottoms (all > 0), where each position is one independent unit.

    As many units as there are are drawn with replacement, ``resamples`` times. The same arguments always give
    the same interval. Raises ``ValueError`` without units.
    """
    if not tops:
        raise ValueError("a bootstrap needs at least one unit")
    # Units that are alike are one kind: millions of trials are two of them, passed and failed.
    kinds = sorted(Counter(zip(tops, bottoms, strict=True)).items())
    found = _ratios(
        [float(top) for (top, _), _ in kinds],
        [float(bottom) for (_, bottom), _ in kinds],
        [units for _, units in kinds],
        resamples,
        seed & _MASK,
    )
    found.sort()
    # At least (1 - confidence) / 2 of them lie on or beyond each end.
    tail = (1 - confidence) / 2 * (resamples - 1)
    return found[floor(tail)], found[ceil(resamples - 1 - tail)]


def _ratios(
    tops: list[float], bottoms: list[float], units: list[int], resamples: int, seed: int
) -> list[float]:
    extension = native.extension()
    draw = ratios if extension is None else extension.bootstrap_ratios
    found: list[float] = draw(tops, bottoms, units, resamples, seed)
    return found


def ratios(
    tops: list[float], bottoms: list[float], units: list[int], resamples: int, seed: int
) -> list[float]:
    """Σ top ÷ Σ bottom of each resample; position k of the lists is a kind of ``units[k]`` equal units.

    ``seed`` is 0 to 2**64 - 1. The twin of ``bootstrap_ratios`` in the extension.
    """
    import numpy as np

    total = sum(units)
    reached = np.cumsum(units, dtype=np.uint64)[:-1]
    # A number of 32 bits is of the first kind below the first limit, and so on.
    limits = ((reached << np.uint64(32)) // np.uint64(total)).astype(np.uint32)
    found = []
    for number in range(resamples):
        counts = _counts(limits, total, _mixed(seed ^ _mixed(number)))
        top = bottom = 0.0
        # One after the other: NumPy's own sums add in another order, which rounds differently.
        for kind, count in enumerate(counts):
            top += tops[kind] * count
            bottom += bottoms[kind] * count
        found.append(top / bottom)
    return found


def _mixed(number: int) -> int:
    """The finaliser of SplitMix64: 64 bits in, 64 bits out that look random."""
    number = (number ^ number >> 30) * 0xBF58476D1CE4E5B9 & _MASK
    number = (number ^ number >> 27) * 0x94D049BB133111EB & _MASK
    return number ^ number >> 31


def _counts(limits: NDArray[np.uint32], total: int, key: int) -> list[int]:
    """How many of ``total`` draws are of each kind. A 64-bit number gives two draws, the lower half first."""
    import numpy as np

    below: Any = np.zeros(len(limits), dtype=np.int64)
    for start in range(0, total, _BLOCK):
        drawn = _drawn(key, start, min(_BLOCK, total - start))
        if len(limits) == 1:
            below += np.count_nonzero(drawn < limits[0])
        else:
            kinds = np.searchsorted(limits, drawn, side="right")
            below += np.cumsum(np.bincount(kinds, minlength=len(limits) + 1))[:-1]
    ends = [*below.tolist(), total]
    return [end - before for end, before in zip(ends, [0, *ends], strict=False)]


def _drawn(key: int, start: int, count: int) -> NDArray[np.uint32]:
    """The numbers of the draws ``start`` (even) to ``start + count``: a function of ``key`` and the place."""
    import numpy as np

    first = start // 2
    mixed = np.arange(first, first + (count + 1) // 2, dtype=np.uint64)
    mixed *= np.uint64(_GOLDEN)
    mixed += np.uint64(key)
    mixed ^= mixed >> np.uint64(30)
    mixed *= np.uint64(0xBF58476D1CE4E5B9)
    mixed ^= mixed >> np.uint64(27)
    mixed *= np.uint64(0x94D049BB133111EB)
    mixed ^= mixed >> np.uint64(31)
    return mixed.astype("<u8").view("<u4")[:count].astype(np.uint32, copy=False)
