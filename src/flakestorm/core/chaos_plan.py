"""Which scenarios a run goes through, and the trials of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import chain
from typing import Any

from flakestorm.chaos.config import Scenario
from flakestorm.core.config import FlakeStormConfig
from flakestorm.core.explore_faults import scenario_of
from flakestorm.core.plan import Planned, Selection
from flakestorm.model.errors import UsageError
from flakestorm.model.prompt import GoldenPrompt
from flakestorm.model.record import TrialRecord
from flakestorm.model.reliability import Grid
from flakestorm.model.trial import NO_CHAOS, Trial

CONFIGURED = "chaos"
"""The name of the scenario that the section chaos is."""

ALL_PROFILES = "all"


@dataclass(frozen=True, slots=True)
class Chaos:
    """The scenarios of a run; with ``only`` nothing is mutated.

    With a ``budget`` it is an exploration of so many trials, whose scenarios are made while it goes on;
    ``deadline_ms`` is the agent's, by which they wait. ``columns`` are the scenarios that a contract is
    judged in, the undisturbed one included. ``grid`` is where a reliability surface is measured:
    the scenarios are its points. In a run of all pillars ``measured`` are the scenarios that count as chaos.
    """

    scenarios: tuple[Scenario, ...]
    only: bool = False
    budget: int | None = None
    columns: tuple[str, ...] = ()
    deadline_ms: int = 0
    grid: Grid | None = None
    measured: tuple[str, ...] | None = None

    @classmethod
    def exploration(cls, budget: int, config: FlakeStormConfig) -> Chaos:
        """One of ``budget`` trials, those of the control arm included."""
        return cls((), only=True, budget=budget, deadline_ms=config.agent.timeout)

    @classmethod
    def wanted(cls, config: FlakeStormConfig, profiles: Sequence[str] = (), only: bool = False) -> Chaos:
        """The section chaos, and the ``profiles`` by name or path; all profiles where there is neither.

        Raises ``UsageError`` for an unknown profile or two scenarios of one name.
        """
        from flakestorm.chaos.profiles.loading import load_profile, profile_names

        found: list[Scenario] = []
        if config.chaos is not None and config.chaos.disturbed:
            faults = {
                name: getattr(config.chaos, name) for name in ("tool_faults", "llm_faults", "context_attacks")
            }
            found.append(Scenario(name=CONFIGURED, **faults))
        names = list(profiles)
        if ALL_PROFILES in names or not (names or found):
            names = [
                *profile_names(),
                *(name for name in names if name not in (ALL_PROFILES, *profile_names())),
            ]
        found += [load_profile(name) for name in dict.fromkeys(names)]
        taken = [scenario.name for scenario in found]
        twice = sorted({name for name in taken if taken.count(name) > 1 or name == NO_CHAOS})
        if twice:
            raise UsageError(
                f"--chaos-profile: the name '{twice[0]}' is taken; give the profile another one."
            )
        return cls(tuple(found), only)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Chaos:
        """What ``to_dict`` described."""
        return cls(
            tuple(map(Scenario.model_validate, data["scenarios"])),
            data["only"],
            data.get("budget"),
            tuple(data.get("columns", ())),
            data.get("deadline_ms", 0),
            Grid.from_dict(data["grid"]) if data.get("grid") else None,
            tuple(data["measured"]) if data.get("measured") is not None else None,
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain data, for the store."""
        scenarios = [s.model_dump(mode="json", exclude_unset=True) for s in self.scenarios]
        return {
            "scenarios": scenarios,
            "only": self.only,
            "budget": self.budget,
            "columns": self.columns,
            "deadline_ms": self.deadline_ms,
            "grid": None if self.grid is None else asdict(self.grid),
            "measured": self.measured,
        }

    def scenario(self, name: str) -> Scenario | None:
        """The scenario called ``name``; None for the control arm's."""
        found = next((scenario for scenario in self.scenarios if scenario.name == name), None)
        return scenario_of(name, self.deadline_ms) if found is None and self.budget is not None else found

    def disturbed_by(self, name: str) -> frozenset[str]:
        """What the scenario called ``name`` disturbs."""
        scenario = self.scenario(name)
        return frozenset() if scenario is None else scenario.disturbed

    @property
    def disturbed(self) -> frozenset[str]:
        """What any of the scenarios disturbs: llm, tool, context. An exploration takes whatever is there."""
        if self.budget is not None:
            return frozenset({"context"})
        return frozenset[str]().union(*(scenario.disturbed for scenario in self.scenarios))

    @property
    def by_url(self) -> bool:
        """Whether a tool fault names URLs, or would."""
        if self.budget is not None:
            return True
        return any(fault.match_url for scenario in self.scenarios for fault in scenario.tool_faults)


class ChaosPlan:
    """``plan`` with every golden prompt in every scenario, ``repeats`` times, after its other rounds."""

    def __init__(
        self,
        plan: Planned,
        prompts: Sequence[GoldenPrompt],
        scenarios: Sequence[Scenario],
        repeats: int,
        control_repeats: int,
        selection: Selection | None = None,
    ) -> None:
        self._plan = plan
        self._prompts = prompts
        self._names = [scenario.name for scenario in scenarios]
        self._repeats = repeats
        self._control_repeats = control_repeats
        self._selection = selection

    def control(self) -> Iterator[Trial]:
        """The control arm, which both kinds of trials share."""
        if self._selection is None:
            yield from self._plan.control()
            return
        wanted = {trial.prompt.id for trial in chain(*self.rounds(), self.attacks())}
        for repeat in range(self._control_repeats):
            for prompt in self._prompts:
                if prompt.id in wanted:
                    yield Trial.of(prompt, repeat=repeat)

    def rounds(self) -> Iterator[Iterator[Trial]]:
        """Those of ``plan``, and one under faults."""
        yield from self._plan.rounds()
        yield self._under_faults()

    def attacks(self) -> Iterator[Trial]:
        """Those of ``plan``."""
        return self._plan.attacks()

    def planned(self) -> int:
        """How many trials there will be at most."""
        if self._selection is None:
            return self._plan.planned() + len(self._prompts) * len(self._names) * self._repeats
        return sum(1 for _ in chain(self.control(), *self.rounds(), self.attacks()))

    def observe(self, record: TrialRecord) -> None:
        """Only ``plan`` may learn."""
        self._plan.observe(record)

    def _under_faults(self) -> Iterator[Trial]:
        # The scenarios take turns, so that a partial run is fair to each.
        trials = (
            Trial.of(prompt, scenario=name, repeat=repeat)
            for repeat in range(self._repeats)
            for prompt in self._prompts
            for name in self._names
        )
        return trials if self._selection is None else filter(self._selection, trials)
