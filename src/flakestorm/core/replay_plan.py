"""The trials of recorded sessions, alone or behind those of any other plan."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from flakestorm.core.plan import Planned, Selection
from flakestorm.core.replay_sessions import Session
from flakestorm.model.prompt import GoldenPrompt
from flakestorm.model.record import TrialRecord
from flakestorm.model.replay import scenario_of
from flakestorm.model.trial import Trial


class ReplayPlan:
    """``plan``, if there is one, and after its other rounds every session ``repeats`` times.

    There is no control arm for sessions: nothing disturbs them, so that there is nothing to compare with.
    """

    def __init__(
        self,
        sessions: Sequence[Session],
        repeats: int = 1,
        plan: Planned | None = None,
        selection: Selection | None = None,
    ) -> None:
        self._sessions = sessions
        self._repeats = repeats
        self._plan = plan
        self._selection = selection

    def control(self) -> Iterator[Trial]:
        """That of ``plan``."""
        return iter(()) if self._plan is None else self._plan.control()

    def rounds(self) -> Iterator[Iterator[Trial]]:
        """Those of ``plan``, and one of sessions."""
        if self._plan is not None:
            yield from self._plan.rounds()
        yield self._replayed()

    def attacks(self) -> Iterator[Trial]:
        """Those of ``plan``."""
        return iter(()) if self._plan is None else self._plan.attacks()

    def planned(self) -> int:
        """How many trials there will be at most."""
        others = 0 if self._plan is None else self._plan.planned()
        return others + sum(1 for _ in self._replayed())

    def observe(self, record: TrialRecord) -> None:
        """Only ``plan`` may learn."""
        if self._plan is not None:
            self._plan.observe(record)

    def _replayed(self) -> Iterator[Trial]:
        # The sessions take turns, so that a partial run has seen each of them.
        trials = (replay_of(session, repeat) for repeat in range(self._repeats) for session in self._sessions)
        return trials if self._selection is None else filter(self._selection, trials)


def replay_of(session: Session, repeat: int = 0) -> Trial:
    """The trial that replays ``session``."""
    prompt = GoldenPrompt(session.turns, session.name or session.id)
    return Trial.of(prompt, scenario=scenario_of(session.id), repeat=repeat)
