"""Runs that are over: from the store by id, or from a JSON report by path."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from flakestorm.core.assembly import Facts, load_run, reassess
from flakestorm.core.run_names import open_named
from flakestorm.model.errors import StoreError
from flakestorm.model.run import Run
from flakestorm.scoring.assessment import NO_WORK, Demands
from flakestorm.store.run_file import RunFile
from flakestorm.store.runs import RunFolder


@dataclass(frozen=True, slots=True)
class Summary:
    """One line of ``flakestorm runs``; ``counts`` maps a status to a number of trials."""

    id: str
    status: str
    target: str
    counts: dict[str, int]


def stored_run(wanted: str, min_score: float | None = None) -> Run:
    """The run ``wanted``: an id or its beginning, ``latest``, ``BRANCH@latest``, or a JSON report's path.

    ``min_score`` judges it by another threshold than the one it ran with.
    """
    path = Path(wanted)
    if path.suffix.lower() in (".json", ".jsonl"):
        from flakestorm.reports.formats import read_report

        run = read_report(path)
        # A report tells whether the error budget was spent, not how large it was.
        demands = Demands(error_budget=0.0 if run.assessment.exit_code == NO_WORK else 1.0)
    else:
        run, demands = _from_store(wanted)
    if min_score is None:
        return run
    return replace(run, assessment=reassess(run, replace(demands, min_score=min_score)))


def _from_store(wanted: str) -> tuple[Run, Demands]:
    store = open_named(RunFolder(), wanted)
    try:
        run, demands = load_run(store), Facts.of(store).demands
    finally:
        store.close()
    return replace(run, records=RunFile.reopened(store.path)), demands


def summaries() -> list[Summary]:
    """All stored runs, the newest first; one that cannot be read says so instead of its target."""
    folder = RunFolder()
    return [_summary(folder, id_) for id_ in reversed(folder.ids())]


def _summary(folder: RunFolder, id_: str) -> Summary:
    try:
        store = folder.open(id_)
    except StoreError as error:
        return Summary(id_, "unreadable", str(error), {})
    try:
        info = Facts.of(store).info
        status = "interrupted" if info.status == "running" else info.status
        return Summary(id_, status, info.target, store.counts())
    except StoreError as error:
        return Summary(id_, "unreadable", str(error), {})
    except (KeyError, TypeError, ValueError) as error:
        return Summary(id_, "unreadable", f"its facts are not those of a run ({error!r})", {})
    finally:
        store.close()
