"""Which plan a run follows: the even one, one that searches, or what an earlier run did."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from flakestorm.core.assembly import Facts
from flakestorm.core.chaos_environment import IN_PROCESS
from flakestorm.core.chaos_plan import Chaos, ChaosPlan
from flakestorm.core.config import FlakeStormConfig
from flakestorm.core.explore_plan import ExplorePlan
from flakestorm.core.plan import Plan, Planned
from flakestorm.core.recall import stored_mutations, stored_scenarios
from flakestorm.core.search import SearchPlan, chooses_types, searchable
from flakestorm.core.selection import parse_selection
from flakestorm.model.errors import UsageError
from flakestorm.model.mutation import Mutation
from flakestorm.model.prompt import GoldenPrompt
from flakestorm.model.run import RunInfo
from flakestorm.mutations.engine import Mutator
from flakestorm.store.runs import RunFolder

SEARCH, UNIFORM, EXPLORE, CONTRACT, REPLAY = "search", "uniform", "explore", "contract", "replay"
RELIABILITY, CI = "reliability", "ci"
ALL_TYPES = "mutations.types is not set, so the search takes every type that changes the text"


@dataclass(frozen=True, slots=True)
class Strategy:
    """How the calls are spent; ``budget`` is how many trials a search makes."""

    name: str
    budget: int | None = None


def strategy_of(
    config: FlakeStormConfig,
    folder: RunFolder,
    resume: str | None = None,
    only: str | None = None,
    chaos: Chaos | None = None,
) -> Strategy:
    """How the calls are spent. A resumed run goes on as it began; a selection is never a search.

    Raises ``UsageError`` when the configuration asks for another strategy than the run has.
    """
    wanted = config.advanced
    if chaos is not None and chaos.measured is not None:
        return Strategy(CI)
    if chaos is not None and chaos.columns:
        return Strategy(CONTRACT)
    if chaos is not None and chaos.grid is not None:
        return Strategy(RELIABILITY if only is None else UNIFORM)
    if chaos is not None and chaos.budget is not None and only is None:
        return Strategy(EXPLORE, chaos.budget)
    if resume is not None:
        info = _stored_info(folder, resume)
        if wanted.strategy not in (None, info.strategy):
            raise UsageError(
                f"run {info.id} has the strategy {info.strategy}, and now {wanted.strategy} is asked for. "
                "Resume it without a strategy, or start a new run."
            )
        return Strategy(info.strategy, wanted.budget or info.budget)
    if only is not None or not wanted.is_search:
        return Strategy(UNIFORM)
    evenly = wanted.control_repeats + config.mutations.count * wanted.repeats
    return Strategy(SEARCH, wanted.budget or len(config.golden) * evenly)


def _stored_info(folder: RunFolder, resume: str) -> RunInfo:
    store = folder.open(resume)
    try:
        return Facts.of(store).info
    finally:
        store.close()


def make_plan(
    config: FlakeStormConfig,
    mutator: Mutator,
    strategy: Strategy,
    folder: RunFolder,
    only: str | None = None,
    attacked: bool = False,
    chaos: Chaos | None = None,
) -> Planned:
    """The plan of ``strategy``, and behind it every scenario of ``chaos``.

    ``attacked`` allows attacks on the protocol. Raises ``UsageError``.
    """
    settings = config.advanced
    if strategy.name == EXPLORE and strategy.budget is not None:
        return ExplorePlan(
            config.golden,
            strategy.budget,
            settings.control_repeats,
            settings.seed,
            scouting=config.agent.type in IN_PROCESS,
            note=mutator.notes.append,
        )
    if chaos is not None and chaos.grid is not None:
        from flakestorm.core.reliability_plan import ReliabilityPlan, mutations_at

        return ReliabilityPlan(
            config.golden,
            chaos.grid,
            mutations_at(config, chaos.grid, mutator.notes),
            settings.control_repeats,
            parse_selection(only, folder) if only else None,
        )
    if chaos is None:
        return _plan(config, mutator, strategy, folder, only, attacked)
    plan = _plan(config, mutator, strategy, folder, only, attacked, mutated=not chaos.only)
    selection = parse_selection(only, folder) if only else None
    scenarios = chaos.scenarios
    if chaos.measured is not None:
        scenarios = tuple(scenario for scenario in scenarios if scenario.name in chaos.measured)
    if chaos.budget is not None and only:
        scenarios = tuple(filter(None, map(chaos.scenario, stored_scenarios(only, folder))))
    return ChaosPlan(plan, config.golden, scenarios, settings.repeats, settings.control_repeats, selection)


def _plan(
    config: FlakeStormConfig,
    mutator: Mutator,
    strategy: Strategy,
    folder: RunFolder,
    only: str | None,
    attacked: bool,
    mutated: bool = True,
) -> Planned:
    settings = config.advanced
    if strategy.budget is not None:
        names, attacks = searchable(config.mutations)
        if not chooses_types(config.mutations):
            mutator.notes.append(ALL_TYPES)
        return SearchPlan(
            config.golden,
            mutator.one,
            names,
            strategy.budget,
            settings.control_repeats,
            settings.seed,
            attacks if attacked else (),
        )
    stored = stored_mutations(only, folder) if only else None
    return Plan(
        prompts=config.golden,
        mutate=_from_store(stored) if stored else mutator.mutations if mutated else _nothing,
        count=config.mutations.count if mutator.types and mutated else 0,
        repeats=settings.repeats,
        control_repeats=settings.control_repeats,
        selection=parse_selection(only, folder) if only else None,
        attacked=attacked and mutated,
    )


def _nothing(_: GoldenPrompt) -> Iterator[Mutation]:
    return iter(())


def _from_store(stored: dict[str, list[Mutation]]) -> Callable[[GoldenPrompt], Iterator[Mutation]]:
    return lambda prompt: iter(stored.get(prompt.id, ()))
