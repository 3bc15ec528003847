"""How alike two texts are: the one comparison behind ``similarity`` and ``behavior_unchanged``."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from flakestorm.invariants.embedding import EMBEDDED, cosine, embedder
from flakestorm.invariants.judgements import describe, errored, failed, quote
from flakestorm.invariants.published_scale import published_scale
from flakestorm.invariants.quantities import missing_numbers
from flakestorm.model.verdict import Judgement, VerdictStatus

if TYPE_CHECKING:
    from flakestorm.invariants.embedding import Vectors

REMEMBERED = 1024


class Resemblance:
    """Compares replies with what they should be like, and remembers the vectors of the latter.

    ``model`` is ``embedded`` or a sentence-transformers name; only the scores of the first are translated
    to the published scale. Raises ``MissingExtra`` when the model's package is not installed.
    """

    def __init__(self, model: str, threshold: float, check_numbers: bool) -> None:
        self._model = model
        self._threshold = threshold
        self._check_numbers = check_numbers
        self._embed = embedder(model)
        self._remembered = lru_cache(REMEMBERED)(self._vector)

    def score(self, expected: str, reply: str) -> float | None:
        """−1 to 1 on the published scale; None when the model knows no word of ``expected``."""
        wanted = self._remembered(expected)
        if not wanted.any():
            return None
        raw = cosine(wanted, self._vector(reply))
        return published_scale(raw) if self._model == EMBEDDED else raw

    def judge(self, expected: str, reply: str, what: str) -> Judgement:
        """Passed when ``reply`` is like ``expected``; ``what`` names the latter in the detail."""
        score = self.score(expected, reply)
        if score is None:
            return errored(
                f"model '{self._model}' knows no word of {what} {quote(expected)}, "
                "so nothing can be compared; use `contains` or `regex`, or another `model`"
            )
        if score < self._threshold:
            return failed(
                f"similarity {score:.2f} to {what} {quote(expected)} is below {self._threshold:.2f}; "
                + describe(reply)
            )
        missing = missing_numbers(expected, reply) if self._check_numbers else []
        if missing:
            return failed(
                f"similar ({score:.2f}), but the reply lacks {', '.join(missing)} of {what} {quote(expected)}"
            )
        return Judgement(VerdictStatus.PASSED, f"similarity {score:.2f} to {what}")

    def _vector(self, text: str) -> Vectors:
        vector: Vectors = self._embed([text])[0]
        return vector
