"""Two runs, from the store or from reports, paired trial by trial and compared."""

from __future__ import annotations

import heapq
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from flakestorm.core.assembly import Facts
from flakestorm.core.run_names import open_named
from flakestorm.model.errors import UsageError
from flakestorm.model.record import TrialStatus
from flakestorm.model.trial import NO_CHAOS
from flakestorm.model.verdict import Severity
from flakestorm.scoring.comparison import MARGIN, Pair, judge_pairs
from flakestorm.scoring.comparison_result import Change, Comparison, RunLabel
from flakestorm.store.run_file import RunFile
from flakestorm.store.runs import RunFolder

SHOWN_CHANGES = 50
"""So many newly failing trials, and as many newly passing ones, are told with their texts."""
LONGEST_TEXT = 500
"""Characters kept of a prompt or a reply; a reply may have megabytes."""

Json = dict[str, Any]
_STATUSES = {status.value: status for status in TrialStatus}


def compare(base: str, head: str, margin: float = MARGIN, folder: RunFolder | None = None) -> Comparison:
    """The run ``head`` against the earlier run ``base``.

    Each is an id, the beginning of one, ``latest``, ``BRANCH@latest`` or a .json or .jsonl report. ``margin``
    (0–1) is the growth of the share of failures that is tolerated. Raises ``UsageError`` when there is no
    such run, or when both are the same.
    """
    folder = folder or RunFolder()
    later = _side(folder, head)
    earlier = _side(folder, base, but=later.label.id)
    if earlier.label.id == later.label.id:
        raise UsageError(
            f"'{base}' and '{head}' are the same run, {later.label.id}. `flakestorm runs` lists all; "
            "BRANCH@latest is the newest complete run of a branch."
        )
    matched = _Matched(earlier, later)
    labels = (earlier.label, later.label)
    numbers = judge_pairs(
        matched.pairs(),
        margin,
        partial=any(label.is_partial for label in labels),
        chosen=any(label.is_chosen for label in labels),
    )
    failing, passing = matched.failing.gravest(), matched.passing.gravest()
    told = _told(earlier, (*failing, *passing))
    return Comparison(
        base=earlier.label,
        head=later.label,
        numbers=numbers,
        only_base=matched.only_base,
        only_head=matched.only_head,
        failing_ids=tuple(matched.failing.ids),
        passing_ids=tuple(matched.passing.ids),
        newly_failing=told[: len(failing)],
        newly_passing=told[len(failing) :],
        labels=matched.labels,
    )


@dataclass(frozen=True)
class _Side:
    """One of the two runs: its trials as a stream in their public JSON form, and (id, status) of each."""

    label: RunLabel
    trials: Callable[[], Iterator[Json]]
    endings: Callable[[], Iterable[tuple[str, str]]]


def _side(folder: RunFolder, wanted: str, but: str = "") -> _Side:
    path = Path(wanted)
    if path.suffix.lower() in (".json", ".jsonl"):
        from flakestorm.reports.trial_lines import read_head, read_trials

        facts = read_head(path)["run"]
        # The first reports know neither strategy nor branch.
        known = {spec.name: facts[spec.name] for spec in fields(RunLabel) if spec.name in facts}
        return _Side(
            RunLabel(**{"strategy": "uniform", **known}),
            lambda: read_trials(path),
            lambda: ((trial["id"], trial["status"]) for trial in read_trials(path)),
        )
    store = open_named(folder, wanted, but)
    try:
        info, endings = Facts.of(store).info, store.endings()
    finally:
        store.close()
    label = RunLabel(**{spec.name: getattr(info, spec.name) for spec in fields(RunLabel)})
    return _Side(label, RunFile.reopened_documents(store.path), lambda: endings)


@dataclass
class _Changes:
    """The trials that changed in one direction: all ids, and the gravest with their texts."""

    ids: list[str] = field(default_factory=list)
    _heap: list[tuple[int, int, Change]] = field(default_factory=list)

    def add(self, change: Change) -> None:
        """Take one more."""
        self.ids.append(change.id)
        # The heap gives up the least grave, and of these the last.
        entry = (-change.severity.rank, -len(self.ids), change)
        if len(self._heap) < SHOWN_CHANGES:
            heapq.heappush(self._heap, entry)
        else:
            heapq.heappushpop(self._heap, entry)

    def gravest(self) -> list[Change]:
        """The gravest first, and these in the order of the later run."""
        return [change for _, _, change in sorted(self._heap, reverse=True)]


class _Matched:
    """Pairs the trials of two runs by id, and keeps what changed."""

    def __init__(self, base: _Side, head: _Side) -> None:
        self._base, self._head = base, head
        self.failing, self.passing = _Changes(), _Changes()
        self.only_base = self.only_head = 0
        self.labels: dict[str, str] = {}

    def pairs(self) -> Iterator[Pair]:
        """All pairs, while the later run is streamed; of the earlier one only the statuses are held.

        Raises ``UsageError`` for a trial that is none.
        """
        side = self._base
        try:
            before = {id_: _STATUSES[status] for id_, status in self._base.endings()}
            side = self._head
            for trial in self._head.trials():
                earlier = before.pop(trial["id"], None)
                if earlier is None:
                    self.only_head += 1
                else:
                    yield self._pair(earlier, trial)
        except (KeyError, TypeError, ValueError) as error:
            raise UsageError(
                f"run {side.label.id} has a trial that is not one of flakestorm's ({error!r}). "
                "Write the report again."
            ) from error
        self.only_base = len(before)

    def _pair(self, before: TrialStatus, trial: Json) -> Pair:
        after, prompt, arm = _STATUSES[trial["status"]], trial["prompt_id"], _arm(trial)
        if prompt not in self.labels:
            self.labels[prompt] = _cut(trial["prompt_name"] or trial["prompt"])
        if (before, after) == (TrialStatus.PASSED, TrialStatus.FAILED):
            self.failing.add(_change(trial, arm))
        elif (before, after) == (TrialStatus.FAILED, TrialStatus.PASSED):
            self.passing.add(_change(trial, arm))
        return Pair(prompt, arm, _request(trial), before, after)


def _arm(trial: Json) -> str:
    if trial["scenario"] != NO_CHAOS:
        return str(trial["scenario"])
    return str(trial["mutation"]["type"]) if trial["mutation"] else ""


def _request(trial: Json) -> int:
    """The same number for the repeats of one request: what makes a trial's id, without the repeat."""
    mutation = trial["mutation"]
    made: tuple[str, ...] = ()
    if mutation is not None:
        attack = json.dumps(mutation["attack"], sort_keys=True) if mutation.get("attack") else ""
        made = (mutation["operator"], *mutation["turns"], mutation["text"], attack)
    return hash((trial["prompt_id"], trial["scenario"], made))


def _change(trial: Json, arm: str) -> Change:
    mutation = trial["mutation"]
    rule, severity, why = _broken(trial)
    return Change(
        id=trial["id"],
        prompt=_cut(trial["prompt_name"] or trial["prompt"]),
        arm=arm,
        operator=mutation["operator"] if mutation else "",
        sent=_cut(mutation["text"] if mutation else trial["prompt"]),
        rule=rule,
        severity=severity,
        why=why,
        before=None,
        after=_reply(trial),
    )


def _told(base: _Side, changes: tuple[Change, ...]) -> tuple[Change, ...]:
    """``changes`` with the earlier replies, and with the rule that was broken where none is now."""
    told = {change.id: change for change in changes}
    missing = set(told)
    for trial in base.trials() if missing else ():
        if trial["id"] not in missing:
            continue
        change = replace(told[trial["id"]], before=_reply(trial))
        if not change.rule:
            rule, severity, why = _broken(trial)
            change = replace(change, rule=rule, severity=severity, why=why)
        told[change.id] = change
        missing.remove(change.id)
        if not missing:
            break
    return tuple(told[change.id] for change in changes)


def _broken(trial: Json) -> tuple[str, Severity, str]:
    """The gravest broken rule with its reason; no name where none is broken."""
    broken = [verdict for verdict in trial["verdicts"] if verdict["status"] == "failed"]
    if not broken:
        return "", Severity.LOW, ""
    worst = min(broken, key=lambda verdict: Severity(verdict["severity"]).rank)
    return worst["invariant"], Severity(worst["severity"]), _cut(worst["detail"])


def _reply(trial: Json) -> str | None:
    reply = trial["reply"]
    return None if reply is None else _cut(reply)


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_TEXT else f"{text[:LONGEST_TEXT]}…"
