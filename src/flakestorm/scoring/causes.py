"""Failures that look alike, gathered under one title with their smallest example."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from flakestorm.model.minimal import Minimal
from flakestorm.model.mutation import Kind
from flakestorm.model.record import TrialRecord, TrialStatus
from flakestorm.model.run import Cause
from flakestorm.model.verdict import Severity, Verdict, VerdictStatus
from flakestorm.scoring.cause_titles import OBEDIENCE, title_of_clause, title_of_operators, title_of_type
from flakestorm.scoring.guilty import guilty_clause

KEPT_TRIALS = 50
"""How many trial ids a cause keeps; the count goes on."""

Minimals = Mapping[tuple[str, str], Minimal]
"""(rule, operator) → what its smallest failure was reduced to."""


def failures(record: TrialRecord) -> Iterator[tuple[str, Verdict | None]]:
    """What broke in a failed or errored trial: an invariant with its verdict, or an error with None."""
    if record.status is TrialStatus.FAILED:
        for verdict in record.verdicts:
            if verdict.status is VerdictStatus.FAILED:
                yield verdict.invariant, verdict
    elif record.status is TrialStatus.ERRORED and record.outcome.error is not None:
        error = record.outcome.error
        code = f" {record.outcome.status}" if record.outcome.status is not None else ""
        yield f"error: {error.kind}{code}", None
    elif record.status is TrialStatus.ERRORED:
        for verdict in record.verdicts:
            if verdict.status is VerdictStatus.ERRORED:
                yield f"unjudged: {verdict.invariant}", None


@dataclass
class Group:
    """Failures of one rule under one operator (or one scenario)."""

    rule: str
    operator: str
    type: str
    severity: Severity
    implied: bool
    example: TrialRecord
    count: int = 0
    trials: list[str] = field(default_factory=list)

    def add(self, record: TrialRecord) -> None:
        """Count one more; the smallest is kept as the example."""
        self.count += 1
        if _size(record) < _size(self.example):
            self.example = record
        if len(self.trials) < KEPT_TRIALS:
            self.trials.append(record.trial.id)

    @property
    def clause(self) -> str:
        """What the example's mutation does to the prompt, in words; "" where there are none for it."""
        mutation = self.example.trial.mutation
        return guilty_clause(self.example.trial.prompt.text, mutation.edits) if mutation else ""

    @property
    def can_shrink(self) -> bool:
        """Whether there is a text to reduce and a failure that can be seen again."""
        mutation = self.example.trial.mutation
        return (
            mutation is not None
            and mutation.kind is not Kind.PROTOCOL
            and not self.rule.startswith("unjudged: ")
        )

    @property
    def is_obedience(self) -> bool:
        """Whether the agent did what an attack asked for: then the attack is the reason."""
        return any(
            rule == self.rule and v is not None and v.type == OBEDIENCE for rule, v in failures(self.example)
        )


def explains(minimal: Minimal, group: Group) -> bool:
    """Whether ``minimal`` shows already why ``group`` fails, so that it has nothing new to tell."""
    if minimal.rule != group.rule:
        return False
    if minimal.operator == group.operator:
        return True
    if minimal.length is not None and len(group.example.trial.turns[-1]) >= minimal.length:
        return True
    if group.is_obedience:
        mutation = minimal.record.trial.mutation
        return mutation is not None and mutation.type == group.type
    return bool(minimal.clause) and minimal.clause == group.clause


class CauseTally:
    """Groups failed and errored trials by what broke × what was done to the prompt.

    Memory does not grow with the run: each group keeps its count, its smallest example and some ids.
    ``gathered`` names what a scenario is told under: scenarios of one name share their causes.
    """

    def __init__(self, gathered: Callable[[str], str] = str) -> None:
        self._gathered = gathered
        self._groups: dict[tuple[str, str], Group] = {}
        self._disturbed: dict[str, int] = {}

    def add(self, record: TrialRecord) -> None:
        """Count a disturbed trial, and what broke in it."""
        mutation = record.trial.mutation
        if mutation is not None:
            type_, operator = mutation.type, mutation.operator
        else:
            type_ = operator = self._gathered(record.trial.scenario)
        self._disturbed[type_] = self._disturbed.get(type_, 0) + 1
        for rule, verdict in failures(record):
            group = self._groups.get((rule, operator))
            if group is None:
                severity = verdict.severity if verdict else Severity.HIGH
                implied = verdict.implied if verdict else False
                group = Group(rule, operator, type_, severity, implied, record)
                self._groups[rule, operator] = group
            group.add(record)

    def groups(self) -> list[Group]:
        """All groups in an order that does not depend on when their trials finished."""
        return sorted(
            self._groups.values(), key=lambda g: (g.severity.rank, g.rule, _size(g.example), g.operator)
        )

    def causes(self, minimals: Sequence[Minimal] = ()) -> tuple[Cause, ...]:
        """The groups gathered into causes, worst first: by severity, then by how many trials.

        Groups that ``minimals`` show to fail for the same reason are one cause, and so are those whose
        mutation does nothing but that. The rest are gathered by mutation type.
        """
        known = {(minimal.rule, minimal.operator): minimal for minimal in minimals}
        gathered: dict[tuple[str, str, str], list[Group]] = {}
        for group in self.groups():
            clause = _reason(group, known)
            key = (group.rule, "clause", clause) if clause else (group.rule, "type", group.type)
            gathered.setdefault(key, []).append(group)
        causes = [self._cause(key, groups, known) for key, groups in gathered.items()]
        return tuple(sorted(causes, key=lambda c: (c.severity.rank, -c.count, c.rule, c.type, c.title)))

    def _cause(self, key: tuple[str, str, str], groups: list[Group], known: Minimals) -> Cause:
        rule, by, what = key
        first = min(groups, key=lambda group: _size(group.example))
        example = first.example
        count = sum(group.count for group in groups)
        minimal = _best(known[rule, g.operator] for g in groups if (rule, g.operator) in known)
        trials = dict.fromkeys((example.trial.id, *(id_ for group in groups for id_ in group.trials)))
        operators = tuple(sorted({group.operator for group in groups}))
        if by == "clause":
            types = tuple(dict.fromkeys(group.type for group in groups))
            disturbed = sum(self._disturbed[type_] for type_ in types)
            title = title_of_clause(rule, example, what, count, disturbed, types)
        elif minimal:
            title = title_of_operators(rule, example, first.type, operators)
        else:
            title = title_of_type(rule, example, first.type)
        return Cause(
            title=title,
            rule=rule,
            severity=first.severity,
            type=first.type,
            count=count,
            example=example,
            trials=tuple(trials)[: KEPT_TRIALS + 1],
            implied=first.implied,
            operators=operators,
            minimal=minimal,
        )


def _reason(group: Group, known: Minimals) -> str:
    """The clause of the minimal input that shows why ``group`` fails; "" when nobody knows."""
    own = known.get((group.rule, group.operator))
    if own is not None and own.length is None:
        return own.clause
    # Two bisections of the same limit end a little apart: the smallest stands for both.
    found = [minimal for minimal in known.values() if explains(minimal, group)]
    found.sort(key=lambda minimal: (minimal.length or 0, minimal.clause))
    return next((minimal.clause for minimal in found if minimal.clause), "")


def _best(minimals: Iterable[Minimal]) -> Minimal | None:
    """The one to show: confirmed before doubtful, then the smallest."""
    return min(minimals, key=lambda m: (not m.confirmed, *_size(m.record)), default=None)


def _size(record: TrialRecord) -> tuple[int, int, str]:
    """Smaller is easier to read: few edits, a short text; the id makes it independent of arrival."""
    mutation = record.trial.mutation
    return (len(mutation.edits) if mutation else 0, sum(map(len, record.trial.turns)), record.trial.id)
