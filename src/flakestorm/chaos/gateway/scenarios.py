"""Which faults are in force in a gateway that runs by itself, and how they are exchanged."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from flakestorm.chaos.config import ChaosConfig, Faults, Scenario
from flakestorm.chaos.faults.engine import FaultEngine
from flakestorm.chaos.profiles import load_profile, profile_names
from flakestorm.chaos.traffic import Traffic
from flakestorm.model.errors import UsageError
from flakestorm.model.nearest import did_you_mean

UNDISTURBED = "no-chaos"
SECTION = "chaos"
"""The name of the faults that the configuration's ``chaos`` section lists itself."""


class Scenarios:
    """Everything that can be put in force; implements ``admin.Control``.

    In force at first is ``name``; without one the faults of the section ``chaos``, if it has any. Raises
    ``UsageError`` for a name that is unknown.
    """

    def __init__(
        self,
        matrix: Iterable[Scenario] = (),
        section: ChaosConfig | None = None,
        name: str | None = None,
        seed: int = 0,
        redact: Callable[[str], str] = str,
    ) -> None:
        self._known: dict[str, Faults] = {UNDISTURBED: Faults()}
        if section is not None and section.disturbed:
            self._known[SECTION] = section
        # An entry of the matrix may give these names another meaning.
        self._known |= {scenario.name: scenario for scenario in matrix}
        self._seed = seed
        self._redact = redact
        self.scenario = ""
        self.traffic: Traffic
        self.switch(name or (SECTION if SECTION in self._known else UNDISTURBED))

    @property
    def scenarios(self) -> tuple[str, ...]:
        """The configuration's own, then the profiles."""
        return tuple(dict.fromkeys((*self._known, *profile_names())))

    def switch(self, name: str) -> None:
        """Put ``name`` in force; counts and occurrences begin anew. Raises ``UsageError``."""
        faults = self._faults(name)
        engine = FaultEngine(faults, self._seed, f"gateway {name}") if faults.disturbed else None
        self.traffic = Traffic("gateway", engine, self._redact)
        self.scenario = name

    def _faults(self, name: str) -> Faults:
        if name in self._known:
            return self._known[name]
        if name in profile_names() or name.endswith((".yaml", ".yml")):
            return load_profile(name)
        near = did_you_mean(name, self.scenarios) or "."
        raise UsageError(f"unknown scenario '{name}'{near} Known: {', '.join(self.scenarios)}")
