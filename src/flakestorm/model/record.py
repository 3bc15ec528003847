"""A trial record: a trial with its outcome and verdicts, and its one public JSON form.

The same JSON object is a row of the store, a line of the JSONL report and a trial of the JSON report.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any

from flakestorm.model.attack import Attack
from flakestorm.model.mutation import Edit, Kind, Mutation
from flakestorm.model.outcome import Call, ErrorKind, Outcome, OutcomeError
from flakestorm.model.prompt import GoldenPrompt
from flakestorm.model.trial import Trial
from flakestorm.model.verdict import Severity, Verdict, VerdictStatus
from flakestorm.model.wire import Wire


class TrialStatus(str, Enum):
    """How a trial ended."""

    PASSED = "passed"
    FAILED = "failed"
    ERRORED = "errored"
    INCONCLUSIVE = "inconclusive"
    SKIPPED = "skipped"

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True, slots=True)
class TrialRecord:
    """Everything that is kept of one finished trial. ``note`` says why it is inconclusive or skipped."""

    trial: Trial
    outcome: Outcome
    verdicts: tuple[Verdict, ...]
    status: TrialStatus
    note: str = ""

    def to_dict(self) -> dict[str, Any]:
        """The public JSON form (plain dicts, lists, strings, numbers); its verdicts are not to be changed."""
        outcome = self.outcome
        return {
            "id": self.trial.id,
            "prompt": self.trial.prompt.text,
            "prompt_id": self.trial.prompt.id,
            "prompt_name": self.trial.prompt.name,
            "turns": list(self.trial.prompt.turns[:-1]),
            "mutation": _mutation_to_dict(self.trial.mutation),
            "scenario": self.trial.scenario,
            "repeat": self.trial.repeat,
            "status": self.status.value,
            "note": self.note,
            "reply": outcome.reply,
            "replies": list(outcome.replies),
            "error": _error_to_dict(outcome.error),
            "latency_ms": round(outcome.latency_ms, 3),
            "first_byte_ms": None if outcome.first_byte_ms is None else round(outcome.first_byte_ms, 3),
            "http_status": outcome.status,
            "attempts": outcome.attempts,
            "verdicts": [verdict.public for verdict in self.verdicts],
            "calls": [call.to_dict() for call in outcome.calls],
            "faults_fired": outcome.faults_fired,
            "wire": None if outcome.wire is None else outcome.wire.to_dict(),
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> TrialRecord:
        """The record that ``to_dict`` described. Raises ``KeyError`` or ``ValueError`` on another shape."""
        prompt = GoldenPrompt((*data["turns"], data["prompt"]), data["prompt_name"])
        trial = Trial(
            data["id"], prompt, _mutation_from_dict(data["mutation"]), data["scenario"], data["repeat"]
        )
        outcome = Outcome(
            latency_ms=data["latency_ms"],
            reply=data["reply"],
            error=_error_from_dict(data["error"]),
            first_byte_ms=data["first_byte_ms"],
            status=data["http_status"],
            replies=tuple(data["replies"]),
            calls=tuple(map(Call.from_dict, data["calls"])),
            attempts=data["attempts"],
            wire=_wire_from_dict(data.get("wire")),
        )
        verdicts = tuple(_verdict_from_dict(verdict) for verdict in data["verdicts"])
        return cls(trial, outcome, verdicts, TrialStatus(data["status"]), data["note"])


def _mutation_to_dict(mutation: Mutation | None) -> dict[str, Any] | None:
    if mutation is None:
        return None
    return {
        "type": mutation.type,
        "operator": mutation.operator,
        "text": mutation.text,
        "turns": list(mutation.turns[:-1]),
        "kind": mutation.kind.value,
        "seed": mutation.seed,
        "intensity": mutation.intensity,
        "edits": list(map(list, mutation.edits)),
        "canary": mutation.canary,
        "implied": list(mutation.implied),
        "attack": None if mutation.attack is None else mutation.attack.to_dict(),
    }


def _mutation_from_dict(data: dict[str, Any] | None) -> Mutation | None:
    if data is None:
        return None
    return Mutation(
        type=data["type"],
        operator=data["operator"],
        turns=(*data["turns"], data["text"]),
        kind=Kind(data["kind"]),
        seed=data["seed"],
        intensity=data["intensity"],
        edits=tuple(Edit(*edit) for edit in data["edits"]),
        canary=data["canary"],
        implied=tuple(data["implied"]),
        attack=_attack_from_dict(data.get("attack")),
    )


def _attack_from_dict(data: dict[str, Any] | None) -> Attack | None:
    return None if data is None else Attack.from_dict(data)


def _wire_from_dict(data: dict[str, Any] | None) -> Wire | None:
    return None if data is None else Wire.from_dict(data)


def _error_to_dict(error: OutcomeError | None) -> dict[str, Any] | None:
    if error is None:
        return None
    return {"kind": error.kind.value, "message": error.message, "detail": error.detail}


def _error_from_dict(data: dict[str, Any] | None) -> OutcomeError | None:
    return None if data is None else OutcomeError(ErrorKind(data["kind"]), data["message"], data["detail"])


def _verdict_from_dict(data: dict[str, Any]) -> Verdict:
    return Verdict(
        invariant=data["invariant"],
        type=data["type"],
        severity=Severity(data["severity"]),
        status=VerdictStatus(data["status"]),
        detail=data["detail"],
        implied=data["implied"],
        evidence=tuple((start, end) for start, end in data["evidence"]),
    )
