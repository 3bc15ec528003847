"""The smallest input found that still breaks a rule: what a person looks at first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flakestorm.model.mutation import Edit
from flakestorm.model.record import TrialRecord


@dataclass(frozen=True, slots=True)
class Minimal:
    """A failure reduced to what it takes.

    ``rule`` and ``operator`` say which failures it stands for, ``trial`` is the id of the one that was
    reduced. ``record`` is the smallest trial that failed. ``before`` is the same input without the guilty
    ``edits``; it passed. ``clause`` goes on after "when the prompt …" and is empty where no words were
    found. ``calls`` were spent; of ``tries`` confirming calls ``failed`` failed again. ``length`` is the
    number of characters above which it fails, where nothing else matters.
    """

    rule: str
    operator: str
    trial: str
    record: TrialRecord
    before: str
    edits: tuple[Edit, ...]
    clause: str
    calls: int
    tries: int
    failed: int
    length: int | None = None

    @property
    def text(self) -> str:
        """The turn that breaks the rule."""
        return self.record.trial.turns[-1]

    @property
    def confirmed(self) -> bool:
        """Whether it failed each time it was sent again."""
        return self.failed == self.tries > 0

    @property
    def guilty(self) -> tuple[tuple[int, int], ...]:
        """(start, end) code-point spans of ``text`` that ``before`` has not; empty where it has more."""
        spans, shift = [], 0
        for edit in self.edits:
            start = edit.start + shift
            spans.append((start, start + len(edit.replacement)))
            shift += len(edit.replacement) - (edit.end - edit.start)
        return tuple(spans)

    def to_dict(self) -> dict[str, Any]:
        """The public JSON form, which is also how it is stored."""
        return {
            "rule": self.rule,
            "operator": self.operator,
            "trial": self.trial,
            "text": self.text,
            "before": self.before,
            "guilty": [list(span) for span in self.guilty],
            "edits": [[edit.start, edit.end, edit.replacement] for edit in self.edits],
            "clause": self.clause,
            "calls": self.calls,
            "tries": self.tries,
            "failed": self.failed,
            "confirmed": self.confirmed,
            "length": self.length,
            "record": self.record.to_dict(),
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Minimal:
        """What ``to_dict`` described. Raises ``KeyError``, ``TypeError``, ``ValueError`` on other shapes."""
        return cls(
            rule=data["rule"],
            operator=data["operator"],
            trial=data["trial"],
            record=TrialRecord.from_dict(data["record"]),
            before=data["before"],
            edits=tuple(Edit(*edit) for edit in data["edits"]),
            clause=data["clause"],
            calls=data["calls"],
            tries=data["tries"],
            failed=data["failed"],
            length=data["length"],
        )
