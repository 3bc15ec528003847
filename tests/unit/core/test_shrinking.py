"""Minimal inputs, found by whole runs against agents with one planted defect each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from flakestorm.core.config import FlakeStormConfig
from flakestorm.core.execution import Execution
from flakestorm.core.wishes import Wishes
from flakestorm.model.errors import UsageError
from flakestorm.model.events import Event, Reducing
from flakestorm.model.minimal import Minimal
from flakestorm.model.record import TrialRecord
from flakestorm.model.run import Cause, Run
from flakestorm.store.runs import RunFolder

BASE = """
agent: {endpoint: "unused:agent", type: python}
golden_prompts: ["Where is my refund for order 4512?", "How do I get a refund?"]
mutations: {count: COUNT, types: [TYPES]}
invariants:
  - {type: contains, value: refund}
  - {type: completes}
  - {type: output_not_empty}
"""
ANSWER = "a refund takes five days"

Agent = Callable[[str], "str | Awaitable[str]"]


def config_of(types: str, count: int = 60, advanced: str = "") -> FlakeStormConfig:
    """BASE with these mutation types and this ``advanced`` section."""
    text = BASE.replace("TYPES", types).replace("COUNT", str(count))
    return FlakeStormConfig.from_yaml(text + (f"advanced: {{{advanced}}}" if advanced else ""))


async def execute(
    folder: Path,
    agent: Agent,
    types: str,
    count: int = 60,
    advanced: str = "",
    listeners: tuple[Callable[[Event], None], ...] = (),
    **wishes: object,
) -> Run:
    """A run of ``agent`` with its failures reduced."""
    asked = Wishes(target=agent, folder=RunFolder(folder), **wishes)  # type: ignore[arg-type] # any of its fields
    return await Execution(config_of(types, count, advanced), asked, listeners).run()


def brace(prompt: str) -> str:
    """Formats the prompt, as careless code does."""
    if "{" in prompt:
        raise KeyError("input")
    return ANSWER


def defect(fails: Callable[[str], bool]) -> Agent:
    """Answers wrongly where ``fails`` says so."""
    return lambda prompt: "sorry?" if fails(prompt) else ANSWER


PLANTED = {
    "newline": (lambda p: p.endswith("\n"), "noise, format_poisoning", "has a trailing newline"),
    "upper case": (
        lambda p: "REFUND" in p or "Refund" in p,
        "noise, tone_shift",
        "has letters in upper case",
    ),
    "emoji": (
        lambda p: "🙂" in p or any(ord(c) > 0x1F300 for c in p),
        "language_mixing",
        "contains an emoji",
    ),
    "zero width": (
        lambda p: "\u200b" in p,
        "token_manipulation",
        "contains the character U+200B (zero width space)",
    ),
    "misspelling": (
        lambda p: "refund" not in p.lower() and p.isascii() and " " in p,
        "noise",
        "has a misspelt word",
    ),
}


@pytest.mark.parametrize("name", PLANTED)
async def test_a_planted_defect_is_named(tmp_path: Path, name: str) -> None:
    """The worst cause has the defect as its title, one guilty part, and failed whenever it was sent again."""
    fails, types, clause = PLANTED[name]
    run = await execute(tmp_path, defect(fails), types, count=150)
    named = [cause for cause in run.causes if f"when the prompt {clause} (" in cause.title]
    assert named, [cause.title for cause in run.causes]
    minimal = named[0].minimal
    assert minimal is not None
    assert minimal.confirmed
    assert fails(minimal.text)
    assert not fails(minimal.before)
    assert len(minimal.edits) == 1
    assert minimal.calls <= 40


async def test_an_exception_is_reduced_to_the_brace(tmp_path: Path) -> None:
    """Errors are failures too: by rule, and by kind where no rule speaks about them."""
    run = await execute(tmp_path, brace, "format_poisoning")
    titles = [cause.title for cause in run.causes]
    assert any(title.startswith("Does not complete when the prompt contains a '{' (") for title in titles)
    for cause in run.causes:
        assert cause.minimal is not None
        assert [edit.replacement for edit in cause.minimal.edits] == ["{"]


async def test_a_length_limit_is_told(tmp_path: Path) -> None:
    """Whatever makes it long, it is one cause."""

    def limited(prompt: str) -> str:
        if len(prompt) > 700:
            raise ValueError("too long")
        return ANSWER

    run = await execute(tmp_path, limited, "length_extremes, resource_exhaustion", count=40)
    (cause,) = [cause for cause in run.causes if cause.rule == "completes"]
    assert cause.title.startswith("Does not complete when the prompt is longer than about 7")
    assert cause.minimal is not None
    assert cause.minimal.length is not None
    assert 700 < cause.minimal.length <= 715


async def test_empty_input(tmp_path: Path) -> None:
    """An agent that says nothing to nothing."""
    run = await execute(tmp_path, lambda p: ANSWER if p.strip() else "", "length_extremes", count=20)
    (cause,) = run.causes
    assert cause.title.startswith("Gives an empty answer when the prompt is empty (")
    assert cause.minimal is not None
    assert cause.minimal.text == ""


async def test_an_obeyed_order_is_named_by_its_attack(tmp_path: Path) -> None:
    """One minimal input for each mutation type, and the operators in the title."""

    def obedient(prompt: str) -> str:
        return prompt[-14:] if "FS-" in prompt[-16:] else ANSWER

    run = await execute(tmp_path, obedient, "prompt_injection, advanced_jailbreak", count=80)
    obeyed = [cause for cause in run.causes if cause.rule == "canary"]
    assert {cause.type for cause in obeyed} == {"prompt_injection", "advanced_jailbreak"}
    for cause in obeyed:
        assert cause.title.startswith("Obeys an injected instruction under ")
        assert cause.minimal is not None
        assert len(cause.minimal.text) < len(cause.example.trial.turns[-1])


async def test_operators_with_the_same_reason_are_one_cause(tmp_path: Path) -> None:
    """Capitals come from noise and from tone; the agent has one defect, and one cause."""
    run = await execute(
        tmp_path, defect(lambda p: "refund" not in p and "REFUND" in p), "noise, tone_shift", 200
    )
    (cause,) = [cause for cause in run.causes if cause.rule == "contains"]
    assert len({operator.partition(".")[0] for operator in cause.operators}) == 2
    assert "noise and tone shift trials)" in cause.title or "tone shift and noise trials)" in cause.title


def essence(run: Run) -> list[tuple[object, ...]]:
    """Causes with what must not depend on concurrency."""
    return [
        (c.title, c.count, c.minimal and (c.minimal.text, c.minimal.calls, c.minimal.trial))
        for c in run.causes
    ]


@pytest.mark.parametrize("concurrency", [1, 16])
async def test_concurrency_changes_nothing(tmp_path: Path, concurrency: int) -> None:
    """The same minimal inputs for the same calls."""
    agent = defect(lambda p: p.endswith("\n") or "!" in p or "  " in p)
    reference = await execute(tmp_path / "a", agent, "noise", advanced="concurrency: 4")
    again = await execute(tmp_path / "b", agent, "noise", advanced=f"concurrency: {concurrency}")
    assert essence(again) == essence(reference)
    assert sum(cause.minimal is not None for cause in again.causes) >= 2


@pytest.mark.parametrize("budget", [0, 3, 11, 25, 60])
async def test_the_budget_is_never_exceeded(tmp_path: Path, budget: int) -> None:
    """Counted at the agent; what was not reduced keeps its ordinary title."""
    calls: Counter[str] = Counter()

    def counted(prompt: str) -> str:
        calls["all"] += 1
        return "sorry?" if "!" in prompt or prompt.isupper() else ANSWER

    run = await execute(tmp_path, counted, "noise, tone_shift", advanced=f"shrink_budget: {budget}")
    spent = calls["all"] - run.totals.trials
    assert spent <= budget
    assert bool(spent) == (budget > 3)
    assert sum(cause.minimal.calls for cause in run.causes if cause.minimal) <= budget
    assert run.causes


async def test_the_default_effort_is_small_for_a_small_run(tmp_path: Path) -> None:
    """At most as many calls as the run had trials, but 40 at least; the run says how many it took."""
    events: list[Event] = []
    agent = defect(lambda p: "!" in p)
    run = await execute(tmp_path, agent, "tone_shift", 8, listeners=(events.append,))
    (reducing,) = [event for event in events if isinstance(event, Reducing)]
    assert reducing.budget == 40
    assert any("Reducing failures to minimal inputs took" in note for note in run.info.notes)
    assert not any(isinstance(event, Reducing) for event in await _events(tmp_path / "only", agent))


async def _events(folder: Path, agent: Agent) -> list[Event]:
    """The events of a run of known failures: they are not reduced once more."""
    events: list[Event] = []
    await execute(folder, agent, "tone_shift", 8)
    await execute(folder, agent, "tone_shift", 8, listeners=(events.append,), only="failed")
    return events


async def test_a_flaky_failure_is_told_as_such(tmp_path: Path) -> None:
    """What fails once and never again is not given a reason."""
    seen: Counter[str] = Counter()

    def flaky(prompt: str) -> str:
        seen[prompt] += 1
        return "sorry?" if "!" in prompt and seen[prompt] == 1 else ANSWER

    run = await execute(tmp_path, flaky, "tone_shift", advanced="concurrency: 1")
    reduced = [cause.minimal for cause in run.causes if cause.minimal]
    assert reduced
    for minimal in reduced:
        assert (minimal.failed, minimal.tries) == (0, 3)
        assert not minimal.confirmed
        assert minimal.clause == ""


async def test_a_minimal_input_can_be_run_again_by_its_id(tmp_path: Path) -> None:
    """No plan makes it; it is found in the run that it belongs to."""
    agent = defect(lambda p: p.endswith("\n"))
    run = await execute(tmp_path, agent, "noise, format_poisoning", 100)
    minimal = next(cause.minimal for cause in run.causes if cause.minimal)
    again = await execute(
        tmp_path, agent, "noise, format_poisoning", 100, only=f"trial:{minimal.record.trial.id}"
    )
    (record,) = [record for record in again.records() if not record.trial.is_control]
    assert record.trial.turns[-1] == minimal.text
    assert record.status.value == "failed"


async def test_a_stored_run_is_reduced_later(tmp_path: Path) -> None:
    """``shrink`` does what the run left out, keeps it, and begins again only for a trial that is named."""
    agent = defect(lambda p: p.endswith("\n"))
    types = "noise, format_poisoning"
    run = await execute(tmp_path, agent, types, 100, "shrink_budget: 0")
    assert not any(cause.minimal for cause in run.causes)
    wishes = Wishes(target=agent, folder=RunFolder(tmp_path))
    later = await Execution(config_of(types, 100), wishes).shrink("latest")
    (cause,) = [cause for cause in later.causes if cause.minimal]
    assert "has a trailing newline" in cause.title
    assert later.totals == run.totals
    again = await Execution(config_of(types, 100), wishes).shrink("latest")
    assert essence(again) == essence(later)
    assert again.info.notes == later.info.notes
    failed = cause.example.trial.id
    one = await Execution(config_of(types, 100), wishes).shrink(run.info.id, failed[:8], budget=30)
    assert len(one.info.notes) > len(later.info.notes)
    with pytest.raises(UsageError, match="no trial whose id begins"):
        await Execution(config_of(types, 100), wishes).shrink("latest", "zzz")
    passed = next(r.trial.id for r in run.records() if r.status.value == "passed")
    with pytest.raises(UsageError, match="it has no failure that could be reduced"):
        await Execution(config_of(types, 100), wishes).shrink("latest", passed)
    with pytest.raises(UsageError, match="another configuration"):
        await Execution(config_of("noise", 100), wishes).shrink("latest")


async def test_the_form_that_is_stored_is_complete(tmp_path: Path) -> None:
    """A minimal input comes back from its JSON form as it was, and its guilty spans are in its text."""
    run = await execute(tmp_path, brace, "format_poisoning")
    minimal = next(cause.minimal for cause in run.causes if cause.minimal)
    data = minimal.to_dict()
    assert Minimal.from_dict(data).to_dict() == data
    assert [minimal.text[start:end] for start, end in minimal.guilty] == ["{"]


def test_a_missing_part_has_an_empty_span(make_record: Callable[..., TrialRecord]) -> None:
    """Spans are places in the failing text, shifted by the edits before them."""
    from flakestorm.model.mutation import Edit

    record = make_record(text="a Xc d!")
    edits = (Edit(2, 2, "X"), Edit(2, 4, ""), Edit(7, 7, "!"))
    minimal = Minimal("contains", "noise.op", "id", record, "a b c d", edits, "", 1, 1, 1)
    assert minimal.guilty == ((2, 3), (3, 3), (6, 7))


async def test_interrupted_reductions_leave_the_run_complete(tmp_path: Path) -> None:
    """``max_calls`` counts them too; what the trials told is kept."""
    agent = defect(lambda p: "!" in p)
    trials = (await execute(tmp_path / "a", agent, "tone_shift", advanced="shrink_budget: 0")).totals.trials
    run = await execute(tmp_path / "b", agent, "tone_shift", advanced=f"max_calls: {trials + 5}")
    assert run.info.status == "complete"
    assert run.totals.trials == trials
    assert not any(cause.minimal for cause in run.causes)
    assert any("interrupted" in note for note in run.info.notes)


def titles(causes: tuple[Cause, ...]) -> list[str]:
    """For comparing."""
    return [cause.title for cause in causes]


async def test_resumed_runs_are_reduced_as_whole_ones(tmp_path: Path) -> None:
    """Stopped half-way, resumed, reduced: the same causes."""
    agent = defect(lambda p: p.endswith("\n") or "!" in p)
    whole = await execute(tmp_path / "whole", agent, "noise, tone_shift")
    await execute(tmp_path / "part", agent, "noise, tone_shift", advanced="max_calls: 50")
    resumed = await execute(tmp_path / "part", agent, "noise, tone_shift", resume="latest")
    assert essence(resumed) == essence(whole)
    assert titles(resumed.causes)
