"""The ``advanced`` section: how fast, how often, how long, and how much may go wrong."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from flakestorm.section import Section


class AdvancedConfig(Section):
    """Limits and repetitions. Every default is safe for an agent that runs on the same machine."""

    concurrency: int = Field(10, ge=1, le=10_000, description="How many trials run at once")
    retries: int = Field(
        2,
        ge=0,
        le=100,
        description="How often a throttled request, or one that was lost in the control arm, is sent again",
    )
    seed: int = Field(0, description="Same seed, same mutations, faults and order")
    repeats: int = Field(1, ge=1, le=10_000, description="How often each disturbed trial is run")
    control_repeats: int = Field(
        3,
        ge=1,
        le=10_000,
        description="How often each golden prompt is run undisturbed; "
        "default 3, or 1 where agent.deterministic is true",
    )
    rate_per_s: float | None = Field(
        None, gt=0, le=1_000_000, description="At most so many trials begin in a second"
    )
    strategy: Literal["uniform", "search"] | None = Field(
        None,
        description="uniform measures how often the agent fails, search finds as many different failures as "
        "it can; default: search where a budget is given",
    )
    senders: int | None = Field(
        None,
        ge=0,
        le=64,
        description="Processes that send the requests of a run over HTTP, 0 to do everything in one process; "
        "default: 1 from 5,000 trials on",
    )
    budget: int | None = Field(
        None, ge=1, description="How many trials a search spends, those of the control arm included"
    )
    shrink_budget: int | None = Field(
        None,
        ge=0,
        description="Most calls spent after the run on reducing failures to minimal inputs, 0 for none; "
        "default: as many as there were trials, but 40 to 400",
    )
    max_calls: int | None = Field(None, ge=1, description="Stop the run after so many requests to the agent")
    max_minutes: float | None = Field(
        None, gt=0, le=525_600, description="Stop the run after so many minutes"
    )
    error_budget: float = Field(
        0.05,
        ge=0,
        le=1,
        description="Share of errored and inconclusive trials above which the run itself has failed (exit 3)",
    )
    min_score: float | None = Field(
        None, ge=0, le=1, description="Robustness score (0 to 1) below which the run fails (exit 1)"
    )

    @field_validator("seed", mode="before")
    @classmethod
    def _no_seed_is_zero(cls, value: object) -> object:
        # Published files write `seed: null`; here every run is repeatable.
        return 0 if value is None else value

    @model_validator(mode="after")
    def _budget_is_for_search(self) -> AdvancedConfig:
        if self.strategy == "uniform" and self.budget is not None:
            raise PydanticCustomError(
                "budget",
                "a budget belongs to the strategy search; to limit a uniform run, write max_calls: {budget}",
                {"budget": self.budget},
            )
        return self

    @property
    def is_search(self) -> bool:
        """Whether the calls go where failures are."""
        return self.strategy == "search" or (self.strategy is None and self.budget is not None)

    @field_validator("min_score", "error_budget", mode="before")
    @classmethod
    def _is_share(cls, value: Any) -> Any:
        if type(value) in (int, float) and 1 < value <= 100:
            raise PydanticCustomError(
                "share",
                "{value} is a percentage; write it as a share from 0 to 1: {share}",
                {"value": value, "share": value / 100},
            )
        return value
