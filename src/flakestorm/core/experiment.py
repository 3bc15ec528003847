"""What makes a run the experiment that it is: noted when it begins, asked for when it goes on."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import datetime, timezone
from pathlib import Path

from flakestorm.core.assembly import Facts
from flakestorm.core.checkout import checkout_of
from flakestorm.core.config import FlakeStormConfig
from flakestorm.core.planning import Strategy
from flakestorm.core.rule_lines import rule_lines
from flakestorm.core.target import describe_target, request_shape
from flakestorm.model.ci import CiTerms
from flakestorm.model.contract import Terms
from flakestorm.model.errors import UsageError
from flakestorm.model.redaction import Redactor
from flakestorm.model.run import RunInfo
from flakestorm.scoring.assessment import Demands
from flakestorm.version import __version__


def begun(
    config: FlakeStormConfig,
    run_id: str,
    planned: int,
    strategy: Strategy,
    notes: Sequence[str],
    redact: Redactor,
) -> RunInfo:
    """A run that begins now, of ``planned`` trials."""
    checkout = checkout_of(Path.cwd(), os.environ)
    return RunInfo(
        id=run_id,
        status="running",
        started_at=datetime.now(timezone.utc).isoformat(timespec="seconds"),
        seconds=0.0,
        seed=config.advanced.seed,
        config_digest=config.digest,
        config_path=str(config.source_path or ""),
        target=redact(describe_target(config)),
        version=__version__,
        planned=planned,
        concurrency=config.advanced.concurrency,
        notes=tuple(notes),
        request=request_shape(config),
        strategy=strategy.name,
        budget=strategy.budget,
        branch=checkout.branch,
        commit=checkout.commit,
        rule_lines=rule_lines(config),
    )


def first_facts(
    config: FlakeStormConfig,
    info: RunInfo,
    min_score: float | None,
    contract: Terms | None,
    ci: CiTerms | None = None,
) -> Facts:
    """What is known of the run ``info`` before its first trial; ``min_score`` overrides the file's."""
    weights = {type_: config.mutations.weight(type_) for type_ in map(str, config.mutations.types)}
    if min_score is None and not info.is_exploration:
        min_score = config.advanced.min_score
    demands = Demands(min_score, config.advanced.error_budget)
    return Facts(
        info,
        weights,
        demands,
        pillars=config.scoring.weights,
        contract=contract,
        ci=ci,
        interval=config.scoring.interval,
    )


def check_experiment(facts: Facts, config: FlakeStormConfig) -> None:
    """Raise ``UsageError`` where the stored run was made by another configuration or version."""
    info = facts.info
    if info.config_digest != config.digest:
        raise UsageError(
            f"run {info.id} was made with another configuration (digest {info.config_digest}, now "
            f"{config.digest}), so going on with it would mix two experiments. Start a new run, or "
            "use the configuration as it was."
        )
    if info.version != __version__:
        raise UsageError(
            f"run {info.id} was made by flakestorm {info.version}, this is {__version__}, and their "
            "mutations may differ. Start a new run."
        )


def check_resumable(facts: Facts, config: FlakeStormConfig, run_id: str) -> None:
    """The same for a run that is to go on, which a complete one cannot."""
    check_experiment(facts, config)
    if facts.info.status == "complete":
        raise UsageError(
            f"run {run_id} is complete, there is nothing to resume. See it with: flakestorm report {run_id}"
        )
