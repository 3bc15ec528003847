"""Counts the sessions of a run, and makes of them the replay regression and its judgement."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from flakestorm.model.record import TrialRecord, TrialStatus
from flakestorm.model.replay import ReplayResult, SessionResult, SessionTerms, session_of, tool_use
from flakestorm.model.run import Score
from flakestorm.model.verdict import VerdictStatus
from flakestorm.scoring.intervals import wilson

SHOWN = 5
_TELLING = (TrialStatus.FAILED, TrialStatus.PASSED, TrialStatus.ERRORED, TrialStatus.INCONCLUSIVE)


class ReplayTally:
    """Streaming counts of the sessions that ``terms`` describe."""

    def __init__(self, terms: Sequence[SessionTerms]) -> None:
        self._terms = tuple(terms)
        self._records: dict[str, dict[int, TrialRecord]] = {}

    def add(self, record: TrialRecord) -> None:
        """Take note of one replay."""
        id_ = session_of(record.trial.scenario)
        if id_ is not None:
            self._records.setdefault(id_, {})[record.trial.repeat] = record

    def result(self) -> ReplayResult:
        """All sessions, also those without any trial, in their order."""
        return ReplayResult(tuple(map(self._session, self._terms)))

    def idle(self) -> int:
        """How many trials are inconclusive: nothing that was recorded came into play in them."""
        records = (record for repeats in self._records.values() for record in repeats.values())
        return sum(record.status is TrialStatus.INCONCLUSIVE for record in records)

    def _session(self, terms: SessionTerms) -> SessionResult:
        repeats = self._records.get(terms.id)
        if not repeats:
            return SessionResult(terms, note="it was not replayed")
        ordered = [repeats[repeat] for repeat in sorted(repeats)]
        statuses = [record.status for record in ordered]
        telling = min(ordered, key=lambda record: _rank(record.status))
        error = telling.outcome.error
        return SessionResult(
            terms,
            **{status.value: statuses.count(status) for status in TrialStatus},
            trial=telling.trial.id,
            trials=tuple(record.trial.id for record in ordered),
            verdicts=telling.verdicts,
            tools=tool_use(terms, telling.outcome.calls),
            note=telling.note or (f"{error.kind}: {error.message}" if error else ""),
        )


def _rank(status: TrialStatus) -> int:
    return _TELLING.index(status) if status in _TELLING else len(_TELLING)


def replay_score(result: ReplayResult) -> Score | None:
    """Sessions passed ÷ sessions judged; a session passes when none of its judged repeats failed."""
    judged = [session for session in result.sessions if session.is_judged]
    if not judged:
        return None
    passed = len(result.of_status(TrialStatus.PASSED))
    low, high = wilson(passed, len(judged))
    return Score(passed / len(judged), low, high, len(judged))


def replay_sentence(result: ReplayResult, score: Score | None) -> str:
    """The sessions in one sentence, with their uncertainty."""
    total = len(result.sessions)
    if score is None:
        return f"None of {total} recorded {_noun(total)} could be judged."
    passed = len(result.of_status(TrialStatus.PASSED))
    unjudged = f", {total - score.judged} without verdict" if total > score.judged else ""
    return (
        f"{passed} of {score.judged} recorded sessions pass (95 % interval {score.low:.0%}–{score.high:.0%}"
        f"{unjudged})."
    )


def failed_sessions(result: ReplayResult) -> list[str]:
    """A sentence for each session that goes wrong, the first few."""
    return _told(result.of_status(TrialStatus.FAILED), _failed)


def unproved_sessions(result: ReplayResult) -> list[str]:
    """A sentence for each session without a verdict, the first few."""
    return _told([session for session in result.sessions if not session.is_judged], _unproved)


def _told(sessions: Sequence[SessionResult], words: Callable[[SessionResult], str]) -> list[str]:
    told = [words(session) for session in sessions[:SHOWN]]
    left = len(sessions) - SHOWN
    return [*told, f"The same holds for {left} more {_noun(left)}."] if left > 0 else told


def _failed(session: SessionResult) -> str:
    broken = [v.invariant for v in session.verdicts if v.status is VerdictStatus.FAILED]
    repeats = session.passed + session.failed
    often = f" in {session.failed} of {repeats} repeats" if repeats > 1 else ""
    return f"The recorded session '{session.terms.id}' goes wrong{often}: {', '.join(broken)}."


def _unproved(session: SessionResult) -> str:
    why = f": {session.note.rstrip('.')}" if session.note else ""
    return f"The recorded session '{session.terms.id}' proves nothing ({session.status}){why}."


def _noun(count: int) -> str:
    return "session" if count == 1 else "sessions"
