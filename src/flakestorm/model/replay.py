"""A replay: a recorded session as a trial, and how the sessions of a run went, as reports have it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from flakestorm.model.outcome import Call
from flakestorm.model.record import TrialStatus
from flakestorm.model.verdict import Severity, Verdict, VerdictStatus

_PREFIX = "replay: "
"""Begins the scenario of a replay: what surrounds the agent are the recorded answers of one session."""


def scenario_of(session: str) -> str:
    """The scenario in which the session with this id is replayed."""
    return _PREFIX + session


def session_of(scenario: str) -> str | None:
    """The id of the session that is replayed in ``scenario``; None where it is another scenario."""
    return scenario[len(_PREFIX) :] if scenario.startswith(_PREFIX) else None


@dataclass(frozen=True, slots=True)
class SessionTerms:
    """What is known of a session before it is replayed: stored when the run begins.

    ``responses`` counts the recorded answers by tool. ``digest`` is of everything that makes the trial what
    it is, so that a run can be resumed with the same sessions only. ``contract`` names what judges it.
    """

    id: str
    name: str = ""
    source: str = ""
    captured_at: str = ""
    expected_failure: str = ""
    contract: str = ""
    rules: tuple[str, ...] = ()
    responses: tuple[tuple[str, int], ...] = ()
    digest: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Plain data, for the store and for reports."""
        return {**asdict(self), "rules": list(self.rules), "responses": dict(self.responses)}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> SessionTerms:
        """What ``to_dict`` described."""
        fields = {name: data[name] for name in cls.__dataclass_fields__}
        return cls(**{**fields, "rules": tuple(data["rules"]), "responses": tuple(data["responses"].items())})


@dataclass(frozen=True, slots=True)
class ToolUse:
    """Of a tool's ``recorded`` answers ``used`` were given, in ``calls`` calls; the last one is given again.

    Without any recorded answer, the calls went to the real tool.
    """

    tool: str
    recorded: int
    used: int
    calls: int

    @property
    def unused(self) -> int:
        """Recorded answers that nobody asked for."""
        return self.recorded - self.used


def tool_use(terms: SessionTerms, calls: Iterable[Call]) -> tuple[ToolUse, ...]:
    """What became of the recorded answers in one trial, tools without any at the end."""
    made: dict[str, int] = {tool: 0 for tool, _ in terms.responses}
    for call in calls:
        if call.kind == "tool":
            made[call.name] = made.get(call.name, 0) + 1
    recorded = dict(terms.responses)
    return tuple(
        ToolUse(tool, recorded.get(tool, 0), min(count, recorded.get(tool, 0)), count)
        for tool, count in made.items()
    )


@dataclass(frozen=True, slots=True)
class SessionResult:
    """How one session went. The five counts are its repeats.

    ``verdicts``, ``tools`` and ``note`` are those of ``trial``, the most telling repeat: one that failed, if
    any did. ``trials`` are the ids of all of them, in the order of the repeats.
    """

    terms: SessionTerms
    passed: int = 0
    failed: int = 0
    errored: int = 0
    inconclusive: int = 0
    skipped: int = 0
    trial: str = ""
    trials: tuple[str, ...] = ()
    verdicts: tuple[Verdict, ...] = ()
    tools: tuple[ToolUse, ...] = ()
    note: str = ""

    @property
    def status(self) -> TrialStatus:
        """One failed repeat fails the session; errors alone prove nothing."""
        if self.failed:
            return TrialStatus.FAILED
        if self.passed:
            return TrialStatus.PASSED
        if self.errored:
            return TrialStatus.ERRORED
        return TrialStatus.INCONCLUSIVE if self.inconclusive or not self.skipped else TrialStatus.SKIPPED

    @property
    def is_judged(self) -> bool:
        """Whether the session counts in the score."""
        return self.status in (TrialStatus.PASSED, TrialStatus.FAILED)

    @property
    def is_flaky(self) -> bool:
        """Whether some of its repeats passed and others failed."""
        return bool(self.passed and self.failed)

    def to_dict(self) -> dict[str, Any]:
        """The public JSON form."""
        return {
            **self.terms.to_dict(),
            "status": self.status.value,
            "passed": self.passed,
            "failed": self.failed,
            "errored": self.errored,
            "inconclusive": self.inconclusive,
            "skipped": self.skipped,
            "trial": self.trial,
            "trials": list(self.trials),
            "verdicts": [_verdict_to_dict(verdict) for verdict in self.verdicts],
            "tools": [{**asdict(use), "unused": use.unused} for use in self.tools],
            "note": self.note,
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> SessionResult:
        """What ``to_dict`` described. Raises ``KeyError`` or ``ValueError`` on another shape."""
        counts = {name: data[name] for name in ("passed", "failed", "errored", "inconclusive", "skipped")}
        tools = (ToolUse(use["tool"], use["recorded"], use["used"], use["calls"]) for use in data["tools"])
        return cls(
            SessionTerms.from_dict(data),
            **counts,
            trial=data["trial"],
            trials=tuple(data["trials"]),
            verdicts=tuple(map(_verdict, data["verdicts"])),
            tools=tuple(tools),
            note=data["note"],
        )


def _verdict_to_dict(verdict: Verdict) -> dict[str, Any]:
    """Without the evidence, whose place in the reply is told by the trial."""
    return {
        "invariant": verdict.invariant,
        "type": verdict.type,
        "severity": verdict.severity.value,
        "status": verdict.status.value,
        "detail": verdict.detail,
    }


def _verdict(data: dict[str, Any]) -> Verdict:
    return Verdict(
        data["invariant"],
        data["type"],
        Severity(data["severity"]),
        VerdictStatus(data["status"]),
        data["detail"],
    )


@dataclass(frozen=True, slots=True)
class ReplayResult:
    """How the sessions of a run went, in their order. Their score is ``Scores.replay`` of the run."""

    sessions: tuple[SessionResult, ...]

    def of_status(self, status: TrialStatus) -> tuple[SessionResult, ...]:
        """The sessions that ended so."""
        return tuple(session for session in self.sessions if session.status is status)
