"""The trials of a reliability surface: every golden prompt, so many times, at each point of the grid.

A point's name is the scenario of its trials, so that their ids say where they belong although a mutation may
be the same at two intensities. The point without any disturbance is the control arm.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import chain, cycle, islice

from flakestorm.chaos.config import ContextAttack, Fault, Scenario
from flakestorm.core.chaos_plan import Chaos
from flakestorm.core.config import FlakeStormConfig
from flakestorm.core.plan import Selection
from flakestorm.model.errors import UsageError
from flakestorm.model.mutation import Mutation
from flakestorm.model.prompt import GoldenPrompt
from flakestorm.model.record import TrialRecord
from flakestorm.model.reliability import Grid, GridPoint
from flakestorm.model.trial import Trial
from flakestorm.mutations.engine import Mutator

DEFAULT_PROFILE = "api_outage"
"""What goes wrong where neither the configuration nor the command line says."""

Mutate = Callable[[GoldenPrompt, float], Sequence[Mutation]]
"""The mutations of a golden prompt at an intensity; as many as there are trials, or fewer."""


def reliability_chaos(config: FlakeStormConfig, grid: Grid, profiles: Sequence[str] = ()) -> Chaos:
    """The scenarios of ``grid``: the faults of the section chaos and of ``profiles``, each as likely as λ.

    Raises ``UsageError`` for an unknown profile.
    """
    if not any(grid.rates):
        return Chaos((), only=True, grid=grid)
    configured = config.chaos is not None and config.chaos.disturbed
    found = Chaos.wanted(config, profiles or (() if configured else (DEFAULT_PROFILE,))).scenarios
    return Chaos(
        tuple(_at(point, found) for point in grid.points if point.rate),
        only=True,
        grid=grid,
    )


def _at(point: GridPoint, scenarios: Sequence[Scenario]) -> Scenario:
    return Scenario(
        name=point.name,
        tool_faults=[_rated(fault, point.rate) for one in scenarios for fault in one.tool_faults],
        llm_faults=[_rated(fault, point.rate) for one in scenarios for fault in one.llm_faults],
        context_attacks=[
            _attacking(attack, point.rate) for one in scenarios for attack in one.context_attacks
        ],
    )


def _rated(fault: Fault, rate: float) -> dict[str, object]:
    """The fault on any call that it is for, with probability ``rate``: else λ would not be the rate."""
    given = fault.model_dump(exclude_unset=True)
    conditions = ("after_calls", "on_calls", "every", "times", "max_active")
    return {**{key: value for key, value in given.items() if key not in conditions}, "probability": rate}


def _attacking(attack: ContextAttack, rate: float) -> dict[str, object]:
    given = attack.model_dump(exclude_unset=True)
    return {**{key: value for key, value in given.items() if key != "on_calls"}, "trigger_probability": rate}


def mutations_at(config: FlakeStormConfig, grid: Grid, notes: list[str]) -> Mutate:
    """The texts that the configured types make at an intensity; ``notes`` takes what could not be made."""
    made: dict[float, Mutator] = {}

    def mutate(prompt: GoldenPrompt, intensity: float) -> Sequence[Mutation]:
        if intensity not in made:
            changed = {"intensity": intensity, "count": grid.repeats}
            section = config.mutations.model_copy(update=changed)
            made[intensity] = Mutator(section, config.advanced.seed, attacks=False, prompts=config.golden)
        found = list(made[intensity].mutations(prompt))
        if not found:
            raise UsageError(
                f"'{(prompt.name or prompt.text)[:60]}' has no mutation at intensity {intensity:g}: "
                f"{', '.join(config.mutations.types)} change nothing in it. Configure others, or leave "
                "--epsilon 0 alone."
            )
        if len(found) < grid.repeats:
            short = " ".join((prompt.name or prompt.text).split())[:60]
            note = f"'{short}': {len(found)} different mutations at ε={intensity:g}, so some are sent twice"
            if note not in notes:
                notes.append(note)
        return found

    return mutate


class ReliabilityPlan:
    """The grid's trials, the points taking turns, so that a partial run is fair to each."""

    def __init__(
        self,
        prompts: Sequence[GoldenPrompt],
        grid: Grid,
        mutate: Mutate,
        control_repeats: int,
        selection: Selection | None = None,
    ) -> None:
        self._prompts = prompts
        self._grid = grid
        self._mutate = mutate
        undisturbed = GridPoint(0.0, 0.0) in grid.points
        self._control_repeats = max(control_repeats, grid.repeats) if undisturbed else control_repeats
        self._selection = selection

    def control(self) -> Iterator[Trial]:
        """The control arm; it is the grid's point without disturbance, too."""
        wanted = None
        if self._selection is not None:
            wanted = {trial.prompt.id for trial in self._disturbed()}
        for repeat in range(self._control_repeats):
            for prompt in self._prompts:
                if wanted is None or prompt.id in wanted:
                    yield Trial.of(prompt, repeat=repeat)

    def rounds(self) -> Iterator[Iterator[Trial]]:
        """All other points as one round."""
        yield self._disturbed()

    def attacks(self) -> Iterator[Trial]:
        """None: an attack on the protocol has no intensity."""
        return iter(())

    def planned(self) -> int:
        """How many trials there will be."""
        if self._selection is not None:
            return sum(1 for _ in chain(self.control(), self._disturbed()))
        points = sum(1 for point in self._grid.points if point != GridPoint(0.0, 0.0))
        return len(self._prompts) * (self._control_repeats + points * self._grid.repeats)

    def observe(self, record: TrialRecord) -> None:
        """The grid stays as it is, whatever happens."""

    def _disturbed(self) -> Iterator[Trial]:
        trials = chain.from_iterable(self._of_prompt(prompt) for prompt in self._prompts)
        return trials if self._selection is None else filter(self._selection, trials)

    def _of_prompt(self, prompt: GoldenPrompt) -> Iterator[Trial]:
        points = [point for point in self._grid.points if point != GridPoint(0.0, 0.0)]
        intensities = {point.intensity for point in points}
        repeats = self._grid.repeats
        texts: dict[float, list[Mutation | None]] = {
            intensity: list(islice(cycle(self._mutate(prompt, intensity)), repeats))
            for intensity in intensities
            if intensity
        }
        texts[0.0] = [None] * repeats
        for repeat in range(repeats):
            for point in points:
                yield Trial.of(prompt, texts[point.intensity][repeat], point.name, repeat)
