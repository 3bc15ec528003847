"""Whole runs in which a language model writes mutations and judges replies, over the wire."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from flakestorm.core.config import FlakeStormConfig
from flakestorm.core.execution import Execution
from flakestorm.core.verification import verify_setup
from flakestorm.core.wishes import Wishes
from flakestorm.model.record import TrialStatus
from flakestorm.model.run import Run
from flakestorm.model.verdict import VerdictStatus
from flakestorm.store.runs import RunFolder

BASE = """
agent: {endpoint: "unused:agent", type: python}
golden_prompts: ["Where is my refund for order 4512?", "I sent order 4513 back, was it received?"]
mutations: {count: 6, types: [paraphrase]}
invariants: [RULES]
model: {provider: openai, name: m, base_url: "URL", retries: 0MORE}
advanced: {control_repeats: 1ADVANCED}
"""
CONTAINS = "{type: contains, value: refund}"
JUDGE = "{type: llm_judge, rubric: 'Says refund.'}"


async def shop(prompt: str) -> str:
    """Knows one thing."""
    return f"your refund is on its way ({len(prompt)})"


def writes(asked, request):
    """Three versions of each message, a vote on each reply, and one vote in three is garbage."""
    system, user = asked.question
    if user == "Are you there?":
        return "Yes"
    if "judge" in system:
        seed = asked.body["seed"]
        fine = json.dumps({"verdict": "pass", "reason": "it says refund"})
        return "I'd rather not say" if seed == 1 else fine
    message = json.loads(user)["message"]
    return json.dumps([f"{word} {message}" for word in ("Please:", "Listen:", "Again:")])


@pytest.fixture
def execute(server, tmp_path: Path) -> Callable[..., Awaitable[Run]]:
    """(rules, model settings, advanced settings, wishes …) ► a run against the server."""

    async def run(rules: str = CONTAINS, model: str = "", advanced: str = "", **wishes: object) -> Run:
        text = BASE.replace("URL", server.base_url("openai")).replace("RULES", rules)
        text = text.replace("MORE", f", {model}" if model else "")
        config = FlakeStormConfig.from_yaml(text.replace("ADVANCED", f", {advanced}" if advanced else ""))
        asked = Wishes(target=shop, folder=RunFolder(tmp_path), **wishes)  # type: ignore[arg-type]
        return await Execution(config, asked).run()

    return run


@pytest.fixture
def writing(server, ways):
    """The server writes and votes as ``writes`` says."""

    async def behave(asked, request):
        return await ways.says(writes(asked, request))(asked, request)

    server.behaves(behave)
    return server


def operators(run: Run) -> list[str]:
    """Of all mutation trials."""
    return [r.trial.mutation.operator for r in run.records() if r.trial.mutation]


async def test_a_run_is_repeated_without_asking(writing, execute):
    """Half of the paraphrases are the model's; the second run gets them from the cache, word for word."""
    first = await execute()
    asked = len(writing.asked)
    assert asked == 2
    assert operators(first).count("paraphrase.llm") == 6
    assert len(operators(first)) == 12
    assert "language models: 2 requests, 24 tokens, 0 answers from the cache" in first.info.notes
    second = await execute()
    assert len(writing.asked) == asked
    assert sorted(r.trial.id for r in second.records()) == sorted(r.trial.id for r in first.records())
    assert "language models: 0 requests, 0 tokens, 2 answers from the cache" in second.info.notes


async def test_resuming_needs_neither_model_nor_cache(server, writing, execute, ways, tmp_path):
    """What the model wrote is stored with the run."""
    part = await execute(advanced="max_calls: 5, concurrency: 1")
    assert part.info.status == "partial"
    for path in tmp_path.glob("llm-cache*"):
        path.unlink()
    server.behaves(ways.fails(500))
    whole = await execute(resume="latest")
    assert whole.info.status == "complete"
    assert len(writing.asked) == 2
    assert operators(whole).count("paraphrase.llm") == 6
    assert len({r.trial.id for r in whole.records()}) == 14


async def test_more_budget_resumes_the_same_run(writing, execute):
    """How the model is asked is no part of the experiment."""
    await execute(advanced="max_calls: 5")
    assert (await execute(model="budget_calls: 5, timeout_s: 9", resume="latest")).info.status == "complete"


FAILURES = {
    "status 500": (lambda ways, server: ways.fails(500), "unavailable: .*server says 500"),
    "wrong key": (lambda ways, server: ways.fails(401), "auth: .*server says 401"),
    "no JSON": (lambda ways, server: ways.says("Sure! Here you go"), "JSON array of strings"),
    "half an answer": (lambda ways, server: ways.garbles(), "bad_reply"),
    "cut": (lambda ways, server: ways.cuts, "unavailable"),
    "no answer": (lambda ways, server: ways.hangs(server), "timeout"),
}


@pytest.mark.parametrize(("behaviour", "said"), FAILURES.values(), ids=FAILURES)
async def test_failures_are_one_note(server, execute, ways, behaviour, said):
    """The operators make all the mutations, and the run is as good as any."""
    server.behaves(behaviour(ways, server))
    # Short only where it is awaited: a machine under load takes longer for any other answer.
    run = await execute(model=f"timeout_s: {0.3 if said == 'timeout' else 20}")
    notes = [note for note in run.info.notes if "operators stand in" in note]
    assert len(notes) == 1
    assert re.search(said, notes[0])
    assert len(operators(run)) == 12
    assert "paraphrase.llm" not in operators(run)
    assert (run.assessment.exit_code, run.info.status) == (0, "complete")


async def test_a_spent_budget_is_one_note(writing, execute):
    """One of two prompts gets its variants."""
    run = await execute(model="budget_calls: 1")
    assert len(writing.asked) == 1
    assert operators(run).count("paraphrase.llm") == 3
    (note,) = [note for note in run.info.notes if "operators stand in" in note]
    assert "the budget of 1 calls is spent (model.budget_calls)" in note


async def test_a_judge_votes(writing, execute):
    """Three votes on each trial, one of them garbage: the verdict is that of the other two."""
    run = await execute(rules=JUDGE)
    records = list(run.records())
    assert {r.status for r in records} == {TrialStatus.PASSED}
    details = {v.detail for r in records for v in r.verdicts}
    assert details == {'2 of 3 votes: pass – "it says refund"'}
    assert len(writing.asked) == 2 + 3 * 14
    again = await execute(rules=JUDGE)
    assert len(writing.asked) == 2 + 3 * 14
    assert sorted(r.trial.id for r in again.records()) == sorted(r.trial.id for r in records)


@pytest.mark.parametrize("status", [401, 500])
async def test_a_broken_judge_never_passes(server, execute, ways, status):
    """Every trial is errored, and the run says that it is no verdict."""
    server.behaves(ways.fails(status))
    run = await execute(rules=JUDGE)
    verdicts = [v for r in run.records() for v in r.verdicts]
    assert {v.status for v in verdicts} == {VerdictStatus.ERRORED}
    assert f"server says {status}" in verdicts[0].detail
    assert run.assessment.exit_code == 3
    if status == 401:
        assert len(server.asked) < 14, "a wrong key is not tried again for every vote"


async def test_keys_of_the_environment_do_not_land(server, execute, ways, monkeypatch, tmp_path):
    """Not in the cache, nor in the stored run, although the server repeats it."""
    monkeypatch.setenv("JUDGE_KEY", "a-very-secret-key")

    async def tell(asked, request):
        fine = json.dumps({"verdict": "pass", "reason": asked.headers["Authorization"]})
        return await ways.says(fine)(asked, request)

    server.behaves(tell)
    url = server.base_url("openai")
    chosen = f"{{provider: openai, name: j, base_url: '{url}', api_key_variable: JUDGE_KEY}}"
    run = await execute(rules=f"{{type: llm_judge, rubric: x, model: {chosen}}}", model="share: 0")
    assert server.asked[0].headers["Authorization"] == "Bearer a-very-secret-key"
    assert all("redacted" in v.detail for r in run.records() for v in r.verdicts)
    stored = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert b"a-very-secret-key" not in stored
    assert b"redacted" in stored


async def test_verify_asks_the_model(server, writing, monkeypatch, tmp_path):
    """Whether it answers is told with the rest; the judge judges the one reply."""
    monkeypatch.chdir(tmp_path)
    text = BASE.replace("URL", server.base_url("openai")).replace("RULES", JUDGE)
    config = FlakeStormConfig.from_yaml(text.replace("MORE", "").replace("ADVANCED", ""))
    verified = await verify_setup(config, shop)
    facts = dict(verified.facts)
    assert verified.exit_code == 0
    assert facts["invariant"].startswith("llm_judge passed: 2 of 3 votes")
    assert facts["model"] == "openai (m) answers"
