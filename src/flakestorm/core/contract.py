"""The ``contract`` section: named invariants over a matrix of scenarios."""

from __future__ import annotations

from pydantic import Field

from flakestorm.chaos.config import Scenario
from flakestorm.invariants.rules import AnyRule
from flakestorm.section import Section


class ContractConfig(Section):
    """What the agent promises, whatever breaks around it."""

    name: str = Field(min_length=1, description="Name of the contract; replays refer to it")
    description: str = Field("", description="What the contract promises")
    invariants: tuple[AnyRule, ...] = Field(
        min_length=1, description="Rules that must hold in every scenario"
    )
    chaos_matrix: tuple[Scenario, ...] = Field(
        (), description="The scenarios; without any, only the undisturbed one"
    )
    fresh_process: bool = Field(
        False, description="Start the process of agent.serve anew for each trial, so that none sees another"
    )
