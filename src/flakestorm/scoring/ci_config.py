"""The ``ci`` section: what ``flakestorm ci`` asks of a run where the command line does not say."""

from __future__ import annotations

from pydantic import Field

from flakestorm.model.verdict import Severity
from flakestorm.section import Section


class CiConfig(Section):
    """Least scores (0–1) of a run and of its pillars, and what else fails it."""

    min_score: float | None = Field(None, ge=0, le=1, description="Least overall score")
    min_robustness: float | None = Field(None, ge=0, le=1, description="Least score of the pillar mutation")
    min_chaos: float | None = Field(None, ge=0, le=1, description="Least score of the pillar chaos")
    min_contract: float | None = Field(None, ge=0, le=1, description="Least score of the pillar contract")
    min_replay: float | None = Field(None, ge=0, le=1, description="Least score of the pillar replay")
    fail_on: Severity = Field(
        Severity.CRITICAL, description="A broken invariant that is at least so severe fails the run"
    )
    baseline: str | None = Field(
        None, min_length=1, description="The run it must not be worse than: an id, BRANCH@latest, or a report"
    )
    margin: float = Field(
        0.05, ge=0, lt=1, description="How much the share of failures may have grown where that is not proved"
    )

    @property
    def minima(self) -> dict[str, float]:
        """Pillar → its least score, where one is given."""
        given = {
            "mutation": self.min_robustness,
            "chaos": self.min_chaos,
            "contract": self.min_contract,
            "replay": self.min_replay,
        }
        return {name: value for name, value in given.items() if value is not None}
