"""Failures that look alike, gathered under one title with their smallest example."""

from __future__ import annotations

from dataclasses import dataclass

from flakestorm.model.mutation_type import MutationType
from flakestorm.model.record import TrialRecord, TrialStatus
from flakestorm.model.run import Cause
from flakestorm.model.verdict import Severity, Verdict, VerdictStatus

KEPT_TRIALS = 50
"""How many trial ids a cause keeps; the count goes on."""


@dataclass
class _Group:
    rule: str
    severity: Severity
    type: str
    implied: bool
    count: int
    example: TrialRecord
    trials: list[str]


class CauseTally:
    """Groups failed and errored trials by what broke × what was done to the prompt.

    Memory does not grow with the run: each group keeps its count, its smallest example and some ids.
    """

    def __init__(self) -> None:
        self._groups: dict[tuple[str, str], _Group] = {}

    def add(self, record: TrialRecord) -> None:
        """Count a record if it failed or errored; others leave no mark."""
        if record.status is TrialStatus.FAILED:
            for verdict in record.verdicts:
                if verdict.status is VerdictStatus.FAILED:
                    self._group(record, verdict.invariant, verdict)
        elif record.status is TrialStatus.ERRORED and record.outcome.error is not None:
            error = record.outcome.error
            code = f" {record.outcome.status}" if record.outcome.status is not None else ""
            self._group(record, f"error: {error.kind}{code}", None)
        elif record.status is TrialStatus.ERRORED:
            for verdict in record.verdicts:
                if verdict.status is VerdictStatus.ERRORED:
                    self._group(record, f"unjudged: {verdict.invariant}", None)

    def _group(self, record: TrialRecord, rule: str, verdict: Verdict | None) -> None:
        disturbed_by = record.trial.mutation.type if record.trial.mutation else record.trial.scenario
        key = (rule, disturbed_by)
        group = self._groups.get(key)
        if group is None:
            severity = verdict.severity if verdict else Severity.HIGH
            implied = verdict.implied if verdict else False
            group = _Group(rule, severity, disturbed_by, implied, 0, record, [])
            self._groups[key] = group
        group.count += 1
        if _size(record) < _size(group.example):
            group.example = record
        if len(group.trials) < KEPT_TRIALS:
            group.trials.append(record.trial.id)

    def causes(self) -> tuple[Cause, ...]:
        """All groups, worst first: by severity, then by how many trials."""
        ordered = sorted(self._groups.values(), key=lambda g: (g.severity.rank, -g.count, g.rule, g.type))
        return tuple(
            Cause(
                title=_title(group),
                rule=group.rule,
                severity=group.severity,
                type=group.type,
                count=group.count,
                example=group.example,
                trials=(group.example.trial.id, *(t for t in group.trials if t != group.example.trial.id)),
                implied=group.implied,
            )
            for group in ordered
        )


def _size(record: TrialRecord) -> tuple[int, int, str]:
    """Smaller is easier to read: few edits, a short text; the id makes it independent of arrival."""
    mutation = record.trial.mutation
    return (len(mutation.edits) if mutation else 0, sum(map(len, record.trial.turns)), record.trial.id)


_NAMES = {str(type_): type_.display_name.lower() for type_ in MutationType}

_EFFECTS = {
    "canary": "Obeys an injected instruction",
    "output_not_empty": "Gives an empty answer",
    "completes": "Does not complete",
    "latency": "Is too slow",
    "valid_json": "Answers with invalid JSON",
    "excludes_pii": "Reveals personal data",
    "refusal_check": "Breaks its rules instead of refusing",
    "behavior_unchanged": "Answers differently",
}


def _title(group: _Group) -> str:
    what = _NAMES.get(group.type, f"'{group.type}'")
    if group.rule.startswith("error: "):
        return f"Gives no reply ({group.rule[7:]}) under {what}"
    if group.rule.startswith("unjudged: "):
        return f"Cannot be judged by '{group.rule[10:]}' under {what}"
    verdict = next(v for v in group.example.verdicts if v.invariant == group.rule)
    effect = _EFFECTS.get(verdict.type)
    named = f" ({group.rule})" if group.rule != verdict.type else ""
    return f"{effect}{named} under {what}" if effect else f"Breaks '{group.rule}' under {what}"
