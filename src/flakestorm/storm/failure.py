"""Why a trial failed, in the few lines that pytest shows: what was sent and changed, the reply, why not."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import SequenceMatcher

from flakestorm.model.composition import short_name, type_of
from flakestorm.model.record import TrialRecord, TrialStatus
from flakestorm.model.run import Run
from flakestorm.model.trial import NO_CHAOS
from flakestorm.model.verdict import VerdictStatus
from flakestorm.reports.visible import visible

WIDTH = 300
SHOWN_CHANGES = 6
LONGEST_COMPARED = 4000


def explained(record: TrialRecord, run: Run, nodeid: str) -> str:
    """The first line says it all; the others how it came about, and how to see it again."""
    trial, outcome = record.trial, record.outcome
    failed = [verdict for verdict in record.verdicts if verdict.status is VerdictStatus.FAILED]
    what = ", ".join(verdict.invariant for verdict in failed) or _unjudged(record)
    rows = [("golden prompt", trial.prompt.text)]
    if trial.mutation is not None:
        operator = trial.mutation.operator
        rows.append(("sent", f"{trial.mutation.text}"))
        rows.append(("changed", f"{type_of(operator)}, {short_name(operator)}: {_changes(record)}"))
    if trial.scenario != NO_CHAOS:
        fired = [f"{call.kind} {call.name}: {', '.join(call.fired)}" for call in outcome.calls if call.fired]
        rows.append(("scenario", f"{trial.scenario} ({'; '.join(fired) or 'no fault fired'})"))
    if outcome.error is not None:
        rows.append(("error", outcome.error.message))
    if outcome.reply is not None:
        rows.append(("reply", outcome.reply or "(empty)"))
    rows += [("why", f"{verdict.invariant}: {verdict.detail}") for verdict in failed]
    rows.append(("again", f'pytest "{nodeid}"'))
    rows.append(("all of it", f"flakestorm report {run.info.id} -o html"))
    lines = [f"  {name:<14}{visible(text, WIDTH)}" for name, text in rows]
    return "\n".join((f"flakestorm: broken: {visible(what, WIDTH)}", *lines))


def explained_cell(invariant: str, scenario: str, run: Run, nodeid: str) -> str:
    """The first trial that broke ``invariant`` in ``scenario``."""
    for record in run.records():
        if record.trial.scenario == scenario and any(
            verdict.invariant == invariant and verdict.status is VerdictStatus.FAILED
            for verdict in record.verdicts
        ):
            return explained(record, run, nodeid)
    return f"flakestorm: {visible(invariant, WIDTH)} could not be judged in {visible(scenario, WIDTH)}"


def _unjudged(record: TrialRecord) -> str:
    if record.status is TrialStatus.ERRORED:
        return record.note or "nothing could be judged: there is no reply"
    return record.note


def _changes(record: TrialRecord) -> str:
    """``'weather' → 'waether'`` for the first few places that differ."""
    mutation = record.trial.mutation
    before, after = record.trial.prompt.text, "" if mutation is None else mutation.text
    if len(before) + len(after) > LONGEST_COMPARED:
        return f"{len(before):,} characters became {len(after):,}"
    found = list(_differences(before, after))
    more = f" and {len(found) - SHOWN_CHANGES} more" if len(found) > SHOWN_CHANGES else ""
    return ", ".join(found[:SHOWN_CHANGES]) + more


def _differences(before: str, after: str) -> Iterator[str]:
    for kind, a, b, c, d in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if kind != "equal":
            yield f"'{before[a:b]}' → '{after[c:d]}'"
