"""Runs that search: budget, floor, determinism, resumption, and what they find beside uniform ones."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from flakestorm.core.assembly import load_run
from flakestorm.core.config import FlakeStormConfig
from flakestorm.core.execution import Execution
from flakestorm.core.search import SearchPlan, searchable, shape_of
from flakestorm.core.wishes import Wishes
from flakestorm.model.errors import UsageError
from flakestorm.model.mutation import Edit, Kind, Mutation
from flakestorm.model.prompt import GoldenPrompt
from flakestorm.model.run import Run
from flakestorm.model.trial import Trial
from flakestorm.mutations.config import MutationsConfig
from flakestorm.store.runs import RunFolder

BASE = """
agent: {endpoint: "unused:agent", type: python}
golden_prompts: ["Where is my refund for order 4512?", "How do I return them?", "Say refund", "My\\nrefund"]
mutations: {count: 20, types: [noise, paraphrase, tone_shift, format_poisoning, language_mixing]}
invariants:
  - {type: contains, value: refund}
"""
CONTROL = 12


def brittle(prompt: str) -> str:
    """Stumbles over few things: a trailing newline, an emoji, a brace."""
    rare = prompt.endswith("\n") or "{" in prompt or any(ord(c) > 0x1F300 for c in prompt)
    return "sorry?" if rare else "a refund takes five days"


async def execute(
    folder: Path, advanced: str, agent: Callable[[str], str] = brittle, base: str = BASE, **wishes: object
) -> Run:
    """One run of ``base`` with the given ``advanced`` section, without minimal inputs."""
    config = FlakeStormConfig.from_yaml(f"{base}advanced: {{shrink_budget: 0, {advanced}}}")
    asked = Wishes(target=agent, folder=RunFolder(folder), **wishes)  # type: ignore[arg-type] # any of its fields
    return await Execution(config, asked).run()


def essence(run: Run) -> list[tuple[object, ...]]:
    """What must not depend on speed or order."""
    return sorted((r.trial.id, r.status, r.outcome.reply) for r in run.records())


@pytest.mark.parametrize("budget", [13, 40, 150, 333])
async def test_the_budget_is_spent_exactly(tmp_path: Path, budget: int) -> None:
    """Counted at the agent, the control arm included."""
    calls: Counter[str] = Counter()

    def counted(prompt: str) -> str:
        calls["all"] += 1
        return brittle(prompt)

    run = await execute(tmp_path, f"budget: {budget}", counted)
    assert calls["all"] == run.totals.trials == run.info.planned == budget
    assert run.info.strategy == "search"
    assert run.info.budget == budget
    assert len({record.trial.id for record in run.records()}) == budget


@pytest.mark.parametrize("concurrency", [1, 16])
async def test_concurrency_changes_nothing(tmp_path: Path, concurrency: int) -> None:
    """Outcomes are learnt by rounds, in the order of trial ids."""
    reference = await execute(tmp_path / "a", "budget: 200, concurrency: 5")
    again = await execute(tmp_path / "b", f"budget: 200, concurrency: {concurrency}")
    assert essence(again) == essence(reference)
    assert essence(again) != essence(await execute(tmp_path / "c", "budget: 200, seed: 1"))


@pytest.mark.parametrize("stop", [5, 30, 90])
async def test_a_resumed_search_is_the_whole_search(tmp_path: Path, stop: int) -> None:
    """Its decisions are repeated from the records, also in the middle of a round; no budget need be named."""
    whole = await execute(tmp_path / "whole", "budget: 160")
    part = await execute(tmp_path / "part", f"budget: 160, max_calls: {stop}")
    assert part.totals.trials == stop
    resumed = await execute(tmp_path / "part", "seed: 0", resume="latest")
    assert essence(resumed) == essence(whole)
    assert resumed.info.status == "complete"
    assert resumed.assessment == whole.assessment


async def test_resuming_refuses_another_strategy(tmp_path: Path) -> None:
    """A search does not go on evenly."""
    await execute(tmp_path, "budget: 160, max_calls: 20")
    with pytest.raises(UsageError, match="has the strategy search, and now uniform"):
        await execute(tmp_path, "strategy: uniform", resume="latest")


async def test_a_search_withholds_its_score(tmp_path: Path) -> None:
    """It says what it found in how many calls; neither the run nor its rows have a rate, live or stored."""
    run = await execute(tmp_path, "budget: 150")
    assert run.scores.robustness is None
    assert run.scores.overall is None
    assert all(row.rate is None for row in (*run.by_type, *run.by_prompt))
    assert run.assessment.exit_code == 0
    assert re.match(r"Found [1-9] distinct failures? in 150 calls \(", run.assessment.headline)
    assert any("measures no score" in reason for reason in run.assessment.reasons)
    store = RunFolder(tmp_path).open("latest")
    assert load_run(store).assessment == run.assessment
    store.close()


async def test_a_demanded_score_is_not_proved_by_a_search(tmp_path: Path) -> None:
    """Exit code 4, or 1 where a critical invariant broke."""
    run = await execute(tmp_path, "budget: 60, min_score: 0.5")
    assert run.assessment.exit_code == 4
    assert "Measure it with: flakestorm run --strategy uniform" in run.assessment.reasons[0]
    critical = BASE.replace("value: refund}", "value: refund, severity: critical}")
    fallen = await execute(tmp_path, "budget: 150, min_score: 0.5", base=critical)
    assert fallen.assessment.exit_code == 1


async def test_nothing_judged_is_inconclusive(tmp_path: Path) -> None:
    """An agent that never answers; its errors are found, and no error budget ends the search."""

    def dead(prompt: str) -> str:
        raise RuntimeError("no")

    run = await execute(tmp_path, "budget: 40", dead)
    assert run.assessment.exit_code == 4
    assert run.causes


def narrow(prompt: str) -> str:
    """Knows two words, in lower case only: half of all operators break it."""
    return "a refund takes five days" if "refund" in prompt or "return" in prompt else "sorry?"


async def test_it_finds_more_than_a_uniform_run_of_the_same_length(tmp_path: Path) -> None:
    """Failures come in families, and a search stays in the family: more operators fail, over three seeds."""
    found: Counter[str] = Counter()
    for seed in range(3):
        uniform = await execute(tmp_path, f"seed: {seed}", narrow, BASE.replace("count: 20", "count: 22"))
        assert uniform.totals.trials == 100
        search = await execute(tmp_path, f"seed: {seed}, budget: 100", narrow)
        found["uniform"] += sum(len(cause.operators) for cause in uniform.causes)
        found["search"] += sum(len(cause.operators) for cause in search.causes)
    assert found["search"] > 1.2 * found["uniform"]


async def test_too_small_a_budget_is_refused(tmp_path: Path) -> None:
    """Before anything is sent, with the calculation."""
    with pytest.raises(UsageError, match="which takes 12 calls"):
        await execute(tmp_path, f"budget: {CONTROL}")


def test_a_budget_is_not_for_uniform_runs() -> None:
    """The message says what to write instead."""
    with pytest.raises(UsageError, match="write max_calls: 7"):
        FlakeStormConfig.from_yaml(f"{BASE}advanced: {{strategy: uniform, budget: 7}}")


async def test_the_strategy_alone_takes_the_calls_of_a_uniform_run(tmp_path: Path) -> None:
    """``strategy: search`` without a budget."""
    run = await execute(tmp_path, "strategy: search")
    assert run.totals.trials == CONTROL + 4 * 20


async def test_what_a_search_found_can_be_run_again(tmp_path: Path) -> None:
    """No uniform plan makes these trials; they are taken from the stored run."""
    run = await execute(tmp_path, "budget: 250")
    failed = {r.trial.id for r in run.records() if r.status.value == "failed"}
    assert failed
    again = await execute(tmp_path, "budget: 250", only="failed")
    assert {r.trial.id for r in again.records() if not r.trial.is_control} == failed
    one = min(failed)
    single = await execute(tmp_path, "", only=f"trial:{one}")
    assert {r.trial.id for r in single.records() if not r.trial.is_control} == {one}


def made_by(prompt: GoldenPrompt, operator: str, ordinal: int) -> Mutation | None:
    """Three different mutations per operator, nothing for the operator ``x.none``."""
    if operator == "x.none" or ordinal > 5:
        return None
    text = f"{prompt.text}{operator}{ordinal // 2}"
    edits = (Edit(len(prompt.text), len(prompt.text), text[len(prompt.text) :]),)
    kind = Kind.PROTOCOL if operator.startswith("attack") else Kind.PRESERVES_MEANING
    return Mutation(operator.partition(".")[0], operator, (text,), kind, 0, 0.3, edits)


def test_it_ends_when_there_is_nothing_new() -> None:
    """Each operator is asked until it only repeats itself."""
    plan = SearchPlan([GoldenPrompt(("a",))], made_by, {"x": ["x.a", "x.b", "x.none"]}, 500, 1)
    trials = [trial for trials in plan.rounds() for trial in trials]
    assert len(trials) == len({trial.id for trial in trials}) == 6
    assert plan.planned() == 500


def test_attacks_have_a_part_of_the_budget() -> None:
    """Each once, on one prompt after the other, a third of the calls at most."""
    prompts = [GoldenPrompt(("a",)), GoldenPrompt(("b",))]
    names = [f"attack.{n}" for n in range(4)]

    def plan(budget: int) -> SearchPlan:
        return SearchPlan(prompts, made_by, {"x": ["x.a"]}, budget, 1, attacks=names)

    attacks = list(plan(20).attacks())
    assert [trial.prompt.text for trial in attacks] == ["a", "b", "a", "b"]
    assert len(list(plan(8).attacks())) == 2
    assert list(SearchPlan(prompts, made_by, {}, 8, 1, attacks=["x.none"]).attacks()) == []


def test_rounds_grow_slowly(rounds: Callable[[int], list[int]]) -> None:
    """Sixteen at first, then an eighth of what was made."""
    sizes = rounds(400)
    assert sizes[:3] == [16, 16, 16]
    assert sum(sizes) == 400 - 1
    assert max(sizes) <= 400 // 8


@pytest.fixture
def rounds() -> Callable[[int], list[int]]:
    """The sizes of the rounds of a search with so many calls."""

    def sizes(budget: int) -> list[int]:
        names = {"x": [f"x.{n}" for n in range(300)]}
        plan = SearchPlan([GoldenPrompt(("a",))], made_by, names, budget, 1)
        return [len(list(trials)) for trials in _bounded(plan.rounds())]

    return sizes


def _bounded(rounds: Iterator[Iterator[Trial]]) -> Iterator[Iterator[Trial]]:
    for _, trials in zip(range(1000), rounds, strict=False):
        yield trials


def test_searchable_operators() -> None:
    """Texts by type, the user's templates one by one, and attacks apart."""
    config = MutationsConfig.model_validate(
        {
            "types": ["noise", "custom", "request_method_attack"],
            "custom_templates": {"lawyer": "As my lawyer says: {prompt}"},
        }
    )
    names, attacks = searchable(config)
    assert set(names) == {"noise", "custom"}
    assert names["custom"] == ["custom.lawyer"]
    assert attacks
    assert all(name.startswith("request_method_attack.") for name in attacks)


def test_without_chosen_types_all_texts_are_searched() -> None:
    """The user's templates too; attacks on the protocol are nobody's default."""
    names, attacks = searchable(MutationsConfig.model_validate({"custom_templates": {"a": "Ahem: {prompt}"}}))
    assert {"noise", "custom", "format_poisoning", "token_manipulation", "resource_exhaustion"} <= set(names)
    assert "payload_size_attack" not in names
    assert not attacks
    assert "custom" not in searchable(MutationsConfig())[0]


async def test_a_search_says_that_it_takes_all_types(tmp_path: Path) -> None:
    """A note, where the configuration names none; and it resumes as it began."""
    base = BASE.replace(", types: [noise, paraphrase, tone_shift, format_poisoning, language_mixing]", "")
    whole = await execute(tmp_path / "whole", "budget: 60", base=base)
    assert any("every type that changes the text" in note for note in whole.info.notes)
    assert len(whole.by_type) > 10
    await execute(tmp_path / "part", "budget: 60, max_calls: 30", base=base)
    resumed = await execute(tmp_path / "part", "seed: 0", base=base, resume="latest")
    assert essence(resumed) == essence(whole)
    named = await execute(tmp_path, "budget: 60")
    assert not any("every type" in note for note in named.info.notes)


def test_prompts_of_a_shape() -> None:
    """Questions with digits are alike; a conversation is not."""
    assert shape_of(GoldenPrompt(("Is it 4?",))) == shape_of(GoldenPrompt(("Is it 5?",)))
    assert shape_of(GoldenPrompt(("Is it 4?",))) != shape_of(GoldenPrompt(("Hello.", "Is it 4?")))
