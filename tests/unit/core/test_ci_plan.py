"""A run of all pillars: its scenarios, its trials, each once, and who judges them."""

from __future__ import annotations

from itertools import chain
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from flakestorm.core.chaos_plan import Chaos, ChaosPlan
from flakestorm.core.chaos_recall import chaos_of
from flakestorm.core.ci_judge import CiJudge
from flakestorm.core.ci_plan import CiPlan
from flakestorm.core.ci_run import ci_chaos, ci_terms, named_apart
from flakestorm.core.config import FlakeStormConfig
from flakestorm.core.contract_judge import ContractJudge
from flakestorm.core.contract_matrix import Contract
from flakestorm.core.contract_plan import ContractPlan
from flakestorm.core.plan import Plan
from flakestorm.core.rule_lines import rule_lines
from flakestorm.invariants.judge import Judge
from flakestorm.model.errors import UsageError
from flakestorm.model.mutation import Kind, Mutation
from flakestorm.model.outcome import Outcome
from flakestorm.model.prompt import GoldenPrompt
from flakestorm.model.trial import Trial
from flakestorm.model.verdict import Severity
from flakestorm.store.run_file import RunFile
from flakestorm.store.runs import RunFolder

TEXT = """
agent: {endpoint: "http://localhost:8000"}
golden_prompts: [One?, Two?]
invariants:
  - {type: completes}
  - type: contains
    value: x
chaos:
  llm_faults: [{mode: timeout}]
contract:
  name: c
  invariants:
    - {type: completes, severity: critical}
    - {id: leak, type: excludes_pattern, pattern: secret, probes: [Your prompt?]}
  chaos_matrix:
    - {name: no-chaos}
    - {name: down, llm_faults: [{mode: server_error}]}
"""


def config(*changes: tuple[str, str]) -> FlakeStormConfig:
    """The configuration with other words in it."""
    text = TEXT
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return FlakeStormConfig.from_yaml(text)


def mutations(prompt: GoldenPrompt) -> Any:
    """Two for each prompt."""
    for sign in "ab":
        turns = (f"{prompt.text} {sign}",)
        yield Mutation("noise", f"noise.{sign}", turns, Kind.PRESERVES_MEANING, 0, 0.3, ())


def plan_of(loaded: FlakeStormConfig, independent: bool, repeats: int = 2, selection: Any = None) -> CiPlan:
    """The plan of the configuration."""
    chaos = ci_chaos(loaded)
    mutated = Plan(loaded.golden, mutations, 2, 1, repeats, selection)
    scenarios = [scenario for scenario in chaos.scenarios if scenario.name in (chaos.measured or ())]
    disturbed = ChaosPlan(mutated, loaded.golden, scenarios, 1, repeats, selection)
    contract = named_apart(Contract.wanted(loaded), loaded)
    return CiPlan(disturbed, ContractPlan(contract, 1, repeats, independent, selection=selection))


def test_the_scenarios_of_both() -> None:
    """Those of the section count as chaos, those of the matrix are the contract's."""
    chaos = ci_chaos(config())
    assert [scenario.name for scenario in chaos.scenarios] == ["chaos", "down"]
    assert chaos.measured == ("chaos",)
    assert chaos.columns == ("no-chaos", "down")
    assert not chaos.only
    assert Chaos.from_dict(chaos.to_dict()) == chaos
    named = ci_chaos(config(), ["api_outage"])
    assert named.measured == ("chaos", "api_outage")


def test_without_a_contract_the_matrix_is_chaos() -> None:
    """Else nothing would go through it."""
    start, end = TEXT.index("contract:"), TEXT.index("  chaos_matrix:")
    text = TEXT[:start] + TEXT[end:].replace("  chaos_matrix", "chaos_matrix")
    chaos = ci_chaos(FlakeStormConfig.from_yaml(text))
    assert chaos.measured == ("chaos", "down")
    assert chaos.columns == ()


def test_two_scenarios_of_one_name_must_be_the_same() -> None:
    """A trial knows its scenario by its name."""
    with pytest.raises(UsageError, match="two scenarios are called 'chaos'"):
        ci_chaos(config(("name: down", "name: chaos")))
    same = ci_chaos(
        config(
            ("name: down, llm_faults: [{mode: server_error}]", "name: chaos, llm_faults: [{mode: timeout}]")
        )
    )
    assert [scenario.name for scenario in same.scenarios] == ["chaos"]
    assert same.measured == ("chaos",)


def test_faults_need_invariants() -> None:
    """Those of the contract are for its matrix."""
    start, end = TEXT.index("invariants:"), TEXT.index("chaos:")
    with pytest.raises(UsageError, match="no invariants to judge the replies by"):
        ci_chaos(FlakeStormConfig.from_yaml(TEXT[:start] + TEXT[end:]))


def test_what_is_asked_of_it() -> None:
    """The pillars that are there; a minimum of another one is a mistake, a selection asks for none."""
    loaded = config()
    chaos = ci_chaos(loaded)
    terms = ci_terms(loaded, chaos, {"chaos": 0.5}, Severity.HIGH)
    assert terms.pillars == ("mutation", "chaos", "contract")
    assert terms.measured == ("chaos",)
    assert ci_terms(loaded, chaos, {}, Severity.LOW, replayed=True).pillars[-1] == "replay"
    with pytest.raises(UsageError, match="does not have it"):
        ci_terms(loaded, chaos, {"replay": 0.5}, Severity.LOW)
    chosen = ci_terms(loaded, chaos, {"replay": 0.5}, Severity.LOW, chosen=True)
    assert (chosen.pillars, chosen.minima) == ((), {})
    with pytest.raises(UsageError, match="nothing to measure"):
        ci_terms(loaded, Chaos((), only=True, measured=()), {}, Severity.LOW)


@pytest.mark.parametrize("independent", [True, False])
@pytest.mark.parametrize("repeats", [1, 3])
def test_each_trial_comes_once(independent: bool, repeats: int) -> None:
    """The undisturbed ones are shared, and as many trials come as were announced."""
    loaded = config()
    plan = plan_of(loaded, independent, repeats)
    first = list(plan.control())
    trials = [*first, *chain.from_iterable(plan.rounds()), *plan.attacks()]
    ids = [trial.id for trial in trials]
    assert len(ids) == len(set(ids)) == plan.planned()
    undisturbed = [trial for trial in trials if trial.is_control]
    least = repeats if independent else max(repeats, 2)
    assert len(undisturbed) == 3 * least
    # Where it could remember, each repeat is a round of its own.
    assert {trial.repeat for trial in first} == (set(range(repeats)) if independent else {0})
    assert {trial.scenario for trial in trials} == {"no-chaos", "chaos", "down"}
    assert sum(trial.mutation is not None for trial in trials) == 4


def test_a_selection_takes_its_control_arm_along() -> None:
    """Of a mutation that of its prompt alone."""
    loaded = config()
    plan = plan_of(loaded, True, 2, lambda trial: trial.mutation is not None and "One" in trial.prompt.text)
    trials = [*plan.control(), *chain.from_iterable(plan.rounds())]
    assert {trial.prompt.text for trial in trials} == {"One?"}
    assert len(trials) == 4 == plan.planned()


def test_both_plans_may_learn() -> None:
    """What a trial showed is told to either."""
    seen: list[tuple[str, Any]] = []
    spies = [SimpleNamespace(observe=lambda record, name=name: seen.append((name, record))) for name in "ab"]
    record: Any = object()
    CiPlan(*spies).observe(record)
    assert sorted(name for name, _ in seen) == ["a", "b"]
    assert {told for _, told in seen} == {record}


def test_each_rule_speaks_about_its_own_trials() -> None:
    """Undisturbed all do; where two have one name, the contract's gets another."""
    loaded = config()
    contract = named_apart(Contract.wanted(loaded), loaded)
    judge = CiJudge(Judge(loaded.invariants), ContractJudge(contract), contract, ("chaos",))
    assert not judge.deliberates
    one, probe = loaded.golden[0], contract.prompts[-1]
    mutation = next(mutations(one))

    def names(trial: Trial) -> list[str]:
        return [verdict.invariant for verdict in judge.judge(trial, Outcome(1.0, reply="x"))]

    assert names(Trial.of(one)) == ["completes", "contains", "contract:completes"]
    assert names(Trial.of(probe)) == ["leak"]
    assert names(Trial.of(one, mutation)) == ["completes", "contains"]
    assert names(Trial.of(one, scenario="chaos")) == ["completes", "contains"]
    assert names(Trial.of(one, scenario="down")) == ["contract:completes"]
    assert names(Trial.of(probe, scenario="down")) == ["leak"]


async def test_they_can_be_waited_for() -> None:
    """The same verdicts, where a language model is asked."""
    loaded = config()
    contract = named_apart(Contract.wanted(loaded), loaded)
    judge = CiJudge(Judge(loaded.invariants), ContractJudge(contract), contract, ())
    trial, outcome = Trial.of(loaded.golden[0]), Outcome(1.0, reply="x")
    assert await judge.deliberate(trial, outcome) == judge.judge(trial, outcome)


def test_rules_know_their_lines() -> None:
    """By the names that verdicts have; `assert` is the same as `invariants`."""
    lines = TEXT.splitlines()
    found = rule_lines(config())
    assert found == {
        "completes": lines.index("  - {type: completes}") + 1,
        "contains": lines.index("  - type: contains") + 1,
        "contract:completes": lines.index("    - {type: completes, severity: critical}") + 1,
        "leak": lines.index(
            "    - {id: leak, type: excludes_pattern, pattern: secret, probes: [Your prompt?]}"
        )
        + 1,
    }
    assert rule_lines(config(("\ninvariants:", "\nassert:"))) == found
    assert rule_lines(FlakeStormConfig.model_validate(config().model_dump(exclude_unset=True))) == {}


def test_only_a_run_of_all_pillars_goes_on_as_one(tmp_path: Path) -> None:
    """Even where it has no scenario that counts as chaos."""
    folder = RunFolder(tmp_path)
    wanted = Chaos((), measured=())
    ids = {}
    for name, stored in (("plain", None), ("ci", wanted.to_dict())):
        path = tmp_path / "runs" / f"{name}.db"
        path.parent.mkdir(exist_ok=True)
        RunFile.create(path, {"chaos": stored}).close()
        ids[name] = path.stem
    assert chaos_of(wanted, ids["ci"], None, folder) == wanted
    with pytest.raises(UsageError, match="is no run of flakestorm ci"):
        chaos_of(wanted, ids["plain"], None, folder)
