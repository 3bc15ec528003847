"""Trials of earlier runs that no plan makes again: what a search found, and minimal inputs."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

from flakestorm.core.assembly import Facts
from flakestorm.core.run_names import open_named
from flakestorm.model.errors import StoreError
from flakestorm.model.mutation import Mutation
from flakestorm.model.record import TrialRecord
from flakestorm.store.run_file import RunFile
from flakestorm.store.runs import RunFolder

RUNS_LOOKED_AT = 100
"""So many runs, the newest first, are looked through for a trial."""


def stored_mutations(only: str, folder: RunFolder) -> dict[str, list[Mutation]] | None:
    """Golden prompt id → the mutations that ``only`` means; None where the plan makes them by itself.

    A trial is looked for in the stored runs and among their minimal inputs; the failed and errored trials of
    a search are taken from it.
    """
    name, _, value = only.partition(":")
    if name == "trial" and value:
        return _by_prompt(_records_of(value.lower(), folder))
    if name in ("failed", "errored"):
        store = open_named(folder, value or "latest")
        try:
            if Facts.of(store).info.is_search:
                return _by_prompt(record for record in store.records() if record.status.value == name)
        finally:
            store.close()
    return None


def stored_fact(only: str, folder: RunFolder, fact: str) -> Any:
    """What the run that ``only`` means (trial:ID, failed, failed:RUN …) stored as ``fact``, or None."""
    name, _, value = only.partition(":")
    if name == "trial" and value:
        for store in _stores(folder):
            if _matching(store, value.lower()):
                return store.facts().get(fact)
    elif name in ("failed", "errored"):
        store = open_named(folder, value or "latest")
        try:
            return store.facts().get(fact)
        finally:
            store.close()
    return None


def stored_scenarios(only: str, folder: RunFolder) -> list[str]:
    """The names of the scenarios of the trials that ``only`` means; an exploration made them on its way."""
    name, _, value = only.partition(":")
    if name == "trial" and value:
        return list(dict.fromkeys(record.trial.scenario for record in _records_of(value.lower(), folder)))
    if name not in ("failed", "errored"):
        return []
    store = open_named(folder, value or "latest")
    try:
        records = (record for record in store.records() if record.status.value == name)
        return list(dict.fromkeys(record.trial.scenario for record in records))
    finally:
        store.close()


def _records_of(prefix: str, folder: RunFolder) -> Iterator[TrialRecord]:
    for store in _stores(folder):
        found = _matching(store, prefix)
        if found:
            yield from found
            return


def _stores(folder: RunFolder) -> Iterator[RunFile]:
    """The newest runs that can be read, each open while it is looked at."""
    for id_ in islice(reversed(folder.ids()), RUNS_LOOKED_AT):
        try:
            store = folder.open(id_)
        except StoreError:
            continue
        try:
            yield store
        finally:
            store.close()


def _matching(store: RunFile, prefix: str) -> list[TrialRecord]:
    return [*store.matching(prefix), *_minimal_records(store, prefix)]


def _minimal_records(store: RunFile, prefix: str) -> Iterator[TrialRecord]:
    for minimal in Facts.of(store).minimals:
        if minimal.record.trial.id.startswith(prefix):
            yield minimal.record


def _by_prompt(records: Iterator[TrialRecord]) -> dict[str, list[Mutation]] | None:
    found: dict[str, dict[str, Mutation]] = {}
    for record in records:
        trial = record.trial
        if trial.mutation is not None:
            found.setdefault(trial.prompt.id, {})[trial.mutation.id] = trial.mutation
    return {prompt: list(mutations.values()) for prompt, mutations in found.items()} or None
