"""What a run puts around the agent: an environment that disturbs it, or lanes that keep trials apart."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from flakestorm.chaos.traffic import Traffic
from flakestorm.core.chaos_environment import Environment, open_environment
from flakestorm.core.chaos_plan import Chaos
from flakestorm.core.config import FlakeStormConfig
from flakestorm.core.contract_run import ContractRun
from flakestorm.core.isolation import Isolation


@asynccontextmanager
async def surroundings_of(
    config: FlakeStormConfig,
    chaos: Chaos | None,
    contract: ContractRun | None,
    isolation: Isolation | None,
    is_object: bool,
    watched: bool = False,
    strays: Callable[[], Traffic] | None = None,
) -> AsyncIterator[Environment | None]:
    """The environment of a run, while it is open; None where nothing is disturbed or kept apart.

    ``is_object`` says that the agent is a Python object given for the run, ``watched`` that its calls are to
    be seen even though nothing disturbs them. ``strays`` gives the traffic of calls of no trial. Raises as
    ``open_environment``.
    """
    fixed = chaos is not None and (
        contract is not None or chaos.measured is not None or chaos.grid is not None
    )
    disturbs = chaos is not None and (bool(chaos.scenarios) or not fixed)
    if not disturbs and not watched:
        yield None if isolation is None else isolation.lanes()
    else:
        gateway = config.chaos.gateway if config.chaos is not None else None
        async with open_environment(
            config.agent, gateway, config.advanced.concurrency, is_object, isolation is not None, strays
        ) as environment:
            yield environment
