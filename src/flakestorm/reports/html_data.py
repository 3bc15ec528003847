"""The trials of a run as compressed blocks for the page: a light index, and everything for the drawer."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from flakestorm.model.record import TrialRecord, TrialStatus
from flakestorm.model.run import Run
from flakestorm.model.verdict import VerdictStatus
from flakestorm.reports.attack_words import attack_rows
from flakestorm.reports.json_text import json_bytes

BLOCK = 512 * 1024
"""Bytes of JSON per block: small enough to open in a few milliseconds when a trial is looked at."""
INDEX_ROWS = 5_000
SNIPPET = 160
LONGEST = 200_000
"""Characters of one text that go into the page; the JSON report has the whole of it."""


@dataclass
class CallCount:
    """How many calls the agent made, and in how many trials, by kind of call and arm."""

    trials: dict[bool, int] = field(default_factory=lambda: {True: 0, False: 0})
    calls: dict[tuple[str, bool], int] = field(default_factory=dict)
    fired: dict[str, int] = field(default_factory=dict)

    def add(self, record: TrialRecord) -> None:
        """Count the calls of one trial."""
        control = record.trial.is_control
        self.trials[control] += 1
        for call in record.outcome.calls:
            key = (call.kind, control)
            self.calls[key] = self.calls.get(key, 0) + 1
            self.fired[call.kind] = self.fired.get(call.kind, 0) + len(call.fired)

    @property
    def any(self) -> bool:
        """True when any trial made any call that was seen."""
        return bool(self.calls)

    @property
    def kinds(self) -> set[str]:
        """The kinds of call that were seen."""
        return {kind for kind, _ in self.calls}

    def per_trial(self, kind: str, control: bool) -> float | None:
        """Mean calls of ``kind`` per trial of an arm; None when the arm has no trials."""
        trials = self.trials[control]
        return self.calls.get((kind, control), 0) / trials if trials else None


class _Names:
    """Numbers for names that repeat in every row."""

    def __init__(self) -> None:
        self.numbers: dict[str, int] = {}

    def number(self, name: str) -> int:
        return self.numbers.setdefault(name, len(self.numbers))


def pack(value: Any) -> str:
    """``value`` as JSON, deflated without header, in base64: nothing in it can end a script element."""
    squeezer = zlib.compressobj(6, zlib.DEFLATED, -15)
    return base64.b64encode(squeezer.compress(json_bytes(value)) + squeezer.flush()).decode("ascii")


def blocks(run: Run, calls: CallCount) -> Iterator[tuple[str, str]]:
    """("trials" | "index" | "names", packed) pieces, one pass over the records; ``calls`` is filled by it.

    An index row is [id, prompt, type, operator, scenario, repeat, status, latency in ms, [broken], sent,
    came back, block, place in the block, rules that judged it]; prompt … broken are numbers of the names in
    the last piece, and so is the one for all the rules that judged it.
    """
    names = {key: _Names() for key in ("prompts", "types", "operators", "scenarios", "rules")}
    judging: dict[tuple[str, ...], int] = {}
    labels: dict[str, str] = {}
    index: list[list[Any]] = []
    trials: list[dict[str, Any]] = []
    size = block = 0
    for record in run.records():
        calls.add(record)
        labels.setdefault(
            record.trial.prompt.id, record.trial.prompt.name or record.trial.prompt.text[:SNIPPET]
        )
        data = _shortened(record.to_dict())
        if data["wire"] is not None or (data["mutation"] or {}).get("attack"):
            # The words for it; recipes and exchanges themselves are in the JSON report.
            data["on_the_wire"], data["wire"] = attack_rows(record), None
        index.append([*_row(record, names), block, len(trials), _judged_by(record, judging)])
        trials.append(data)
        size += len(data["reply"] or "") + len(record.trial.turns[-1]) + 900
        if size >= BLOCK:
            yield "trials", pack(trials)
            trials, size, block = [], 0, block + 1
        if len(index) >= INDEX_ROWS:
            yield "index", pack(index)
            index = []
    if trials:
        yield "trials", pack(trials)
    yield "index", pack(index)
    tables: dict[str, Any] = {key: list(table.numbers) for key, table in names.items()}
    tables["judging"] = list(judging)
    tables["labels"] = [labels[prompt] for prompt in tables["prompts"]]
    yield "names", pack(tables)


STATUSES = [status.value for status in TrialStatus]


def _row(record: TrialRecord, names: dict[str, _Names]) -> list[Any]:
    trial, outcome = record.trial, record.outcome
    mutation = trial.mutation
    came_back = outcome.reply if outcome.error is None else outcome.error.message
    broken = [v.invariant for v in record.verdicts if v.status is VerdictStatus.FAILED]
    if outcome.error is not None:
        broken.append(outcome.error.kind.value)
    return [
        trial.id,
        names["prompts"].number(trial.prompt.id),
        names["types"].number(mutation.type if mutation else "none"),
        names["operators"].number(mutation.operator if mutation else ""),
        names["scenarios"].number(trial.scenario),
        trial.repeat,
        STATUSES.index(record.status.value),
        round(outcome.latency_ms, 1),
        [names["rules"].number(rule) for rule in broken],
        trial.turns[-1][:SNIPPET],
        (came_back or "")[:SNIPPET],
    ]


def _judged_by(record: TrialRecord, judging: dict[tuple[str, ...], int]) -> int:
    """The number of the set of rules that had a word to say; there are few sets, and one in each row."""
    rules = tuple(v.invariant for v in record.verdicts if v.status is not VerdictStatus.SKIPPED)
    return judging.setdefault(rules, len(judging))


def _shortened(data: dict[str, Any]) -> dict[str, Any]:
    """``data`` with enormous texts cut, and how much was cut beside them, so that the page stays usable."""
    cut: dict[str, int] = {}
    reply = data["reply"]
    if reply is not None and len(reply) > LONGEST:
        cut["reply"] = len(reply)
        data["reply"] = reply[:LONGEST]
    mutation = data["mutation"]
    if mutation is not None and len(mutation["text"]) > LONGEST:
        cut["text"] = len(mutation["text"])
        # The edits of a cut text would no longer lead to it.
        data["mutation"] = {**mutation, "text": mutation["text"][:LONGEST], "edits": None}
    if len(data["prompt"]) > LONGEST:
        cut["prompt"] = len(data["prompt"])
        data["prompt"] = data["prompt"][:LONGEST]
    if cut:
        data["cut"] = cut
    return data
