"""Gathers bad behaviour while a run goes on: one finding for each kind and scenario."""

from __future__ import annotations

from bisect import insort
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from flakestorm.model.finding import Finding
from flakestorm.model.outcome import Call
from flakestorm.model.record import TrialRecord
from flakestorm.model.trial import NO_CHAOS
from flakestorm.scoring.behaviour.case import Case, Symptom
from flakestorm.scoring.behaviour.catalogue import BEHAVIOURS, Behaviour
from flakestorm.scoring.behaviour.control import ControlArm
from flakestorm.scoring.behaviour.tokens import Tokens

KEPT_TRIALS = 50
"""So many trial ids a finding keeps; the count goes on."""
KEPT_CALLS = 60
"""So many calls of the clearest trial are its evidence: a storm looks the same after its first minute."""
KEPT_RECEIVED = 200

Order = tuple[int, float, int, str]
"""Worse, clearer and shorter first; the id makes it independent of arrival."""


@dataclass
class _Group:
    """The trials of one scenario that show one kind of behaviour."""

    behaviour: Behaviour
    scenario: str
    count: int = 0
    trials: list[Order] = field(default_factory=list)
    clearest: Symptom | None = None
    calls: tuple[Call, ...] = ()

    def add(self, case: Case, symptom: Symptom) -> None:
        self.count += 1
        severity = symptom.severity or self.behaviour.severity
        order = (severity.rank, -symptom.degree, len(case.calls), case.record.trial.id)
        insort(self.trials, order)
        del self.trials[KEPT_TRIALS:]
        if self.trials[0] == order:
            self.clearest = symptom
            self.calls = tuple(
                replace(call, received=call.received[:KEPT_RECEIVED]) for call in case.calls[:KEPT_CALLS]
            )

    def finding(self, trials: int) -> Finding:
        """The finding, seen in ``count`` of ``trials`` trials of the scenario."""
        symptom = self.clearest
        detail = symptom.detail if symptom else ""
        where = "" if self.scenario == NO_CHAOS else f" under '{self.scenario}'"
        noun = "trial" if trials == 1 else "trials"
        severity = symptom.severity if symptom and symptom.severity else self.behaviour.severity
        return Finding(
            kind=self.behaviour.kind,
            severity=severity,
            title=f"{self.behaviour.title}{where} ({self.count:,} of {trials:,} {noun})",
            detail=detail[:1].upper() + detail[1:],
            trials=tuple(id_ for *_, id_ in self.trials),
            scenario=self.scenario,
            count=self.count,
            calls=self.calls,
        )


class BehaviourTally:
    """Streams trials to every detector. Memory grows with golden prompts, kinds and scenarios, not trials.

    ``gathered`` names what a scenario is told under: scenarios of one name share their findings. ``tokens``
    finds what the run's faults planted.
    """

    def __init__(self, gathered: Callable[[str], str] = str, tokens: Tokens | None = None) -> None:
        self._gathered = gathered
        self._tokens = tokens
        self._controls: dict[str, ControlArm] = {}
        self._groups: dict[tuple[str, str], _Group] = {}
        self._seen: dict[str, int] = {}

    def add(self, record: TrialRecord) -> Case | None:
        """Count one trial; the case that was made of it, or None when no call of it was seen.

        The control arm of a golden prompt is to be added before its other trials.
        """
        prompt = record.trial.prompt.id
        if record.trial.is_control:
            self._controls.setdefault(prompt, ControlArm()).add(record)
        if not record.outcome.calls:
            return None
        case = Case(record, self._controls.get(prompt) or ControlArm(), self._tokens)
        scenario = self._gathered(record.trial.scenario)
        self._seen[scenario] = self._seen.get(scenario, 0) + 1
        for behaviour in BEHAVIOURS:
            symptom = behaviour.find(case)
            if symptom is not None:
                key = (behaviour.kind, scenario)
                self._groups.setdefault(key, _Group(behaviour, scenario)).add(case, symptom)
        return case

    def findings(self) -> tuple[Finding, ...]:
        """Worst first, then by how many trials show it."""
        found = [group.finding(self._seen[group.scenario]) for group in self._groups.values()]
        return tuple(sorted(found, key=lambda f: (f.severity.rank, -f.count, f.kind, f.scenario)))
