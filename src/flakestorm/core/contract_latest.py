"""The stored run of a contract that ``contract score`` is about: the latest one of that name."""

from __future__ import annotations

from dataclasses import dataclass, replace

from flakestorm.core.assembly import Facts, load_run, reassess
from flakestorm.core.config import FlakeStormConfig
from flakestorm.model.errors import StoreError, UsageError
from flakestorm.model.run import Run
from flakestorm.store.runs import RunFolder


@dataclass(frozen=True, slots=True)
class Latest:
    """The run, and whether the configuration still is the one that it was made with."""

    run: Run
    is_current: bool


def latest_contract_run(
    config: FlakeStormConfig, min_score: float | None = None, folder: RunFolder | None = None
) -> Latest:
    """The newest run of the contract in ``config``, judged by ``min_score`` (0–1) where one is given.

    Raises ``UsageError`` where there is no contract, or no run of it.
    """
    if config.contract is None:
        raise UsageError(f"{config.source_path or 'the configuration'} has no section contract.")
    folder = folder or RunFolder()
    for id_ in reversed(folder.ids()):
        try:
            store = folder.open(id_)
        except StoreError:
            continue
        try:
            facts = Facts.of(store)
            if facts.contract is None or facts.contract.name != config.contract.name:
                continue
            run = load_run(store)
        finally:
            store.close()
        if min_score is not None:
            run = replace(run, assessment=reassess(run, replace(facts.demands, min_score=min_score)))
        return Latest(run, facts.info.config_digest == config.digest)
    raise UsageError(
        f"no run of the contract '{config.contract.name}' is stored. Make one with: flakestorm contract run"
    )
