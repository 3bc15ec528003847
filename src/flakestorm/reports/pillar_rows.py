"""The pillars of a run of ``flakestorm ci`` as rows of text, which all reports show alike."""

from __future__ import annotations

from collections.abc import Iterator

from flakestorm.model.ci import CiResult

HEADS = ("pillar", "score", "95 % interval", "judged", "weight", "minimum", "")
_WORDS = {
    "passed": "good",
    "failed": "below its minimum",
    "inconclusive": "nothing judged",
    "skipped": "not configured",
}


def pillar_rows(ci: CiResult) -> Iterator[tuple[str, ...]]:
    """A row of texts under ``HEADS`` for each of the four pillars."""
    for pillar in ci.pillars:
        known = pillar.value is not None and pillar.low is not None and pillar.high is not None
        yield (
            pillar.name,
            f"{pillar.value:.3f}" if known else "–",
            f"{pillar.low:.3f}–{pillar.high:.3f}" if known else "–",
            f"{pillar.judged:,}" if known else "–",
            f"{pillar.weight:.0%}" if known else "–",
            "–" if pillar.minimum is None else f"{pillar.minimum:.3f}",
            _WORDS[pillar.status],
        )
