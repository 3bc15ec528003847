"""What ``flakestorm ci`` runs: the pillars that a configuration has, as one run with one control arm."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from flakestorm.core.chaos_plan import Chaos
from flakestorm.core.config import FlakeStormConfig
from flakestorm.core.contract_matrix import Contract
from flakestorm.model.ci import CHAOS, CONTRACT, MUTATION, REPLAY, CiTerms
from flakestorm.model.errors import UsageError
from flakestorm.model.verdict import Severity

EVENLY = "`flakestorm ci` measures evenly, so that advanced.strategy and advanced.budget have no part in it"


def ci_chaos(config: FlakeStormConfig, profiles: Sequence[str] = ()) -> Chaos:
    """All scenarios of a run of all pillars, in the form in which an execution takes and stores them.

    The pillar chaos is the section chaos and the ``profiles``; without a contract it is the chaos_matrix as
    well. Raises ``UsageError`` where there is nothing to judge by, and for two scenarios of one name.
    """
    wanted = Chaos.wanted(config, profiles).scenarios if _has_chaos(config, profiles) else ()
    contract = Contract.wanted(config) if config.contract is not None else None
    if contract is None:
        wanted = (*wanted, *(scenario for scenario in config.scenarios if scenario.disturbed))
    if wanted and not config.invariants:
        raise UsageError(
            "faults are to be measured (chaos), and there are no invariants to judge the replies by; the "
            "contract's own are for its matrix. Write invariants, such as - type: completes"
        )
    of_contract = contract.scenarios if contract is not None else ()
    mine = {scenario.name: scenario for scenario in wanted}
    for scenario in of_contract:
        if scenario.name in mine and mine[scenario.name] != scenario:
            raise UsageError(
                f"two scenarios are called '{scenario.name}': one of chaos and one of the contract's matrix, "
                "and they differ. Give one of them another name."
            )
    return Chaos(
        (*wanted, *(scenario for scenario in of_contract if scenario.name not in mine)),
        only=not (config.invariants and config.mutations.count),
        columns=contract.columns if contract is not None else (),
        measured=tuple(mine),
    )


def _has_chaos(config: FlakeStormConfig, profiles: Sequence[str]) -> bool:
    return bool(profiles) or (config.chaos is not None and bool(config.chaos.disturbed))


def ci_terms(
    config: FlakeStormConfig,
    chaos: Chaos,
    minima: Mapping[str, float],
    fail_on: Severity,
    replayed: bool = False,
    chosen: bool = False,
) -> CiTerms:
    """What the run is judged by. Where trials were ``chosen``, no pillar is measured as a whole.

    Raises ``UsageError`` for a minimum of a pillar that is not configured.
    """
    there = {
        MUTATION: not chaos.only,
        CHAOS: bool(chaos.measured),
        CONTRACT: bool(chaos.columns),
        REPLAY: replayed,
    }
    if chosen:
        return CiTerms((), chaos.measured or (), {}, fail_on)
    pillars = tuple(name for name, is_there in there.items() if is_there)
    for name in minima:
        if name not in pillars:
            raise UsageError(
                f"a minimum is asked for the pillar {name}, and {config.source_path or 'the configuration'} "
                f"does not have it. It has: {', '.join(pillars) or 'none'}."
            )
    if not pillars:
        raise UsageError("the configuration has nothing to measure: no invariants, contract or replays.")
    return CiTerms(pillars, chaos.measured or (), dict(minima), fail_on)


def named_apart(contract: Contract, config: FlakeStormConfig) -> Contract:
    """``contract`` with rules that no invariant shares its name with: both have verdicts on one trial."""
    from flakestorm.invariants.judge import named_rules

    taken = {rule.id for rule in named_rules(config.invariants)}
    rules = tuple(
        rule.model_copy(update={"id": f"contract:{rule.id}"}) if rule.id in taken else rule
        for rule in contract.rules
    )
    return replace(contract, rules=rules)
