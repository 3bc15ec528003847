"""Mutations that a language model writes: what is asked, what is used of the answer, and where it goes."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from itertools import islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flakestorm.model.chat import Completion, LlmErrorKind
from flakestorm.model.errors import LlmError
from flakestorm.model.mutation import Kind, apply_edits
from flakestorm.model.prompt import GoldenPrompt
from flakestorm.mutations.config import MutationsConfig
from flakestorm.mutations.engine import Mutator
from flakestorm.mutations.llm_made import BATCH, fetch_variants, strings_of
from flakestorm.mutations.llm_made_acceptance import accepted
from flakestorm.mutations.llm_made_stream import mixed
from flakestorm.mutations.llm_made_tasks import wanted_variants

PROMPT = GoldenPrompt(("Where is order 4512? Write to ann@example.com",))
KEPT = "order 4512 and ann@example.com"


class Writer:
    """A language model: ``write`` makes the answer from the question, or raises."""

    def __init__(self, write: Callable[[dict[str, object]], str]) -> None:
        self._write = write
        self.asked: list[tuple[dict[str, object], int]] = []

    async def complete(
        self, system: str, user: str, *, temperature: float, max_tokens: int, seed: int
    ) -> Completion:
        """The answer to one question."""
        question = json.loads(user)
        self.asked.append((question, seed))
        await asyncio.sleep(0)
        return Completion(self._write({**question, "seed": seed}))


def diligent(question: dict[str, object]) -> str:
    """As many versions as are asked for, all good, and others for another task or seed."""
    mark = letters(len(str(question["task"]))) + letters(int(str(question["seed"])))
    return json.dumps([f"{letters(n)} {mark} {KEPT}" for n in range(int(str(question["versions"])))])


def letters(number: int) -> str:
    """A number without digits, which would be dropped."""
    return "".join(chr(ord("a") + int(digit)) for digit in str(number))


def config(**settings: object) -> MutationsConfig:
    """A section ``mutations``."""
    return MutationsConfig.model_validate({"types": ["paraphrase", "noise"], "count": 10, **settings})


async def test_variants_become_mutations():
    """Half of the paraphrases, in turn with the operators' own, as replacements of the whole text."""
    writer = Writer(diligent)
    wanted = wanted_variants([PROMPT], config(), 0.5)
    fetched = await fetch_variants(writer, wanted, 0, 0.8, 4)
    assert fetched.note == ""
    mutator = Mutator(config(), 0)
    mutator.variants, mutator.share = fetched.variants, 0.5
    made = list(mutator.mutations(PROMPT))
    paraphrases = [m for m in made if m.type == "paraphrase"]
    written = [m for m in paraphrases if m.operator == "paraphrase.llm"]
    assert len(made) == len({m.text for m in made}) == 10
    assert len(written) == (len(paraphrases) + 1) // 2
    assert all(KEPT in m.text and m.kind is Kind.PRESERVES_MEANING for m in written)
    assert all(apply_edits(PROMPT.text, m.edits) == m.text for m in written)
    assert [m.id for m in mutator.mutations(PROMPT)] == [m.id for m in made]
    question, seed = writer.asked[0]
    assert (question["message"], seed) == (PROMPT.text, 0)


async def test_earlier_turns_stay():
    """Only the last turn of a conversation is rewritten."""
    prompt = GoldenPrompt(("Hello", "Where is my parcel?"))
    mutator = Mutator(config(count=1, types=["paraphrase"]), 0)
    mutator.variants, mutator.share = {prompt.id: {"paraphrase.llm": ["My parcel, where is it?"]}}, 1.0
    (mutation,) = mutator.mutations(prompt)
    assert mutation.turns == ("Hello", "My parcel, where is it?")


async def test_templates_become_instructions():
    """Each custom template is a task of its own; what it is for comes from the model first."""
    settings = config(
        types=["custom"],
        count=6,
        custom_templates={"pirate": "Talk like a pirate: {prompt}", "old": "Old: {prompt}"},
    )
    writer = Writer(diligent)
    wanted = wanted_variants([PROMPT], settings, 0.1)
    mutator = Mutator(settings, 0)
    mutator.variants = (await fetch_variants(writer, wanted, 0, 0.8, 4)).variants
    made = list(mutator.mutations(PROMPT))
    assert {"Talk like a pirate: {prompt}" in str(question["task"]) for question, _ in writer.asked} == {
        True,
        False,
    }
    assert {m.operator for m in made} == {"custom.pirate.llm", "custom.old.llm"}
    assert {m.kind for m in made} == {Kind.USER}


async def test_many_variants_take_several_requests():
    """Lists of at most ``BATCH``, each with a seed of its own, so that the cache tells them apart."""
    writer = Writer(diligent)
    wanted = wanted_variants([PROMPT], config(types=["paraphrase"], count=100), 1.0)
    fetched = await fetch_variants(writer, wanted, 7, 0.8, 4)
    assert sum(int(str(question["versions"])) for question, _ in writer.asked) >= 101
    assert max(int(str(question["versions"])) for question, _ in writer.asked) <= BATCH
    assert sorted(seed for _, seed in writer.asked) == list(range(7, 7 + len(writer.asked)))
    assert len(fetched.variants[PROMPT.id]["paraphrase.llm"]) == wanted[0].count


@pytest.mark.parametrize(
    ("types", "share", "times"), [(["noise"], 0.5, 1), (["paraphrase"], 0.0, 1), (["paraphrase"], 0.5, 1000)]
)
def test_nothing_to_write(types, share, times):
    """For other types, without a share, or of a huge prompt."""
    prompt = GoldenPrompt((PROMPT.text * times,))
    assert wanted_variants([prompt], config(types=types), share) == []


@pytest.mark.parametrize("kind", [LlmErrorKind.AUTH, LlmErrorKind.UNAVAILABLE, LlmErrorKind.BUDGET])
async def test_an_error_that_all_would_meet_ends_the_asking(kind):
    """One note names it, and the operators do the work."""

    def fail(_: object) -> str:
        """Always."""
        raise LlmError(kind, f"it says {kind}")

    prompts = [GoldenPrompt((f"{PROMPT.text} {letters(n)}",)) for n in range(50)]
    writer = Writer(fail)
    fetched = await fetch_variants(writer, wanted_variants(prompts, config(), 0.5), 0, 0.8, 4)
    assert len(writer.asked) == 4, "those under way when the first error came"
    assert fetched.variants == {}
    assert f"for 50 of 50 lists of mutations: it says {kind}" in fetched.note
    mutator = Mutator(config(), 0)
    mutator.variants, mutator.share = fetched.variants, 0.5
    assert [m.id for m in mutator.mutations(PROMPT)] == [m.id for m in Mutator(config(), 0).mutations(PROMPT)]


@pytest.mark.parametrize(
    "answer", ["no", "{}", '["a", 5]', 'Here: ["a"]', "[]]", '["I cannot help with that."]', '["4513"]']
)
async def test_bad_answers_cost_only_their_own_mutations(answer):
    """The other prompt has its variants; one sentence tells of the bad answer."""
    other = GoldenPrompt(("Something else",))

    def write(question: dict[str, object]) -> str:
        return answer if question["message"] == PROMPT.text else json.dumps(["Something different"])

    fetched = await fetch_variants(Writer(write), wanted_variants([PROMPT, other], config(), 0.5), 0, 0.8, 4)
    assert fetched.variants == {other.id: {"paraphrase.llm": ("Something different",)}}
    assert fetched.note.startswith(
        "flakestorm's own operators stand in for the language model for 1 of 2 lists"
    )
    assert "\n" not in fetched.note


async def test_several_problems_make_one_note():
    """The first is told, the others are counted."""
    prompts = [GoldenPrompt((f"{PROMPT.text} {letters(n)}",)) for n in range(3)]
    fetched = await fetch_variants(Writer(lambda _: "no"), wanted_variants(prompts, config(), 0.5), 0, 0.8, 4)
    assert "(and 2 more problems)" in fetched.note


def test_only_strings_are_variants():
    """A strict array of strings, fence or not."""
    assert strings_of('```json\n["a", "b"]\n```') == ["a", "b"]
    for answer in ('"a"', "[1]", '{"a": 1}', "a"):
        with pytest.raises(ValueError, match=r"."):
            strings_of(answer)


BAD = {
    "the prompt itself": PROMPT.text,
    "the prompt with other spaces": f"  {PROMPT.text.replace(' ', chr(10))} ",
    "another number": "Where is order 4513? Write to ann@example.com",
    "the number is lost": "Where is my order? Write to ann@example.com",
    "the address is lost": "Where is order 4512? Write to me",
    "one more number": "Where is order 4512? I wait since 3 days. Write to ann@example.com",
    "a refusal": f"I'm sorry, but I can't help with {KEPT}",
    "another refusal": f"I cannot assist with {KEPT}",
    "about itself": f"As an AI, I know nothing of {KEPT}",
    "an introduction": f"Sure, here are some versions: {KEPT}",
    "far too long": KEPT * 20,
    "a control character": f"Where\x00 is {KEPT}",
    "nothing": "   ",
}


@pytest.mark.parametrize("text", BAD.values(), ids=BAD)
def test_bad_variants_are_dropped(text):
    """And only those."""
    good = f"Do tell me: {KEPT}?"
    assert accepted(PROMPT.text, [text, good, good, f" {good}"], Kind.PRESERVES_MEANING) == (good,)


def test_what_the_prompt_does_itself_is_no_reason():
    """A prompt that begins like a refusal may be rewritten as one; shouting is another text."""
    prompt = "I can't create an account"
    assert accepted(prompt, ["I cannot create any account", prompt.upper()], Kind.PRESERVES_MEANING) == (
        "I cannot create any account",
        "I CAN'T CREATE AN ACCOUNT",
    )


def test_templates_may_add_numbers():
    """The user asked for it; what is protected must survive all the same."""
    texts = [f"It is 3 o'clock: {KEPT}", "It is 3 o'clock"]
    assert accepted(PROMPT.text, texts, Kind.USER) == (texts[0],)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 30), st.integers(0, 30), st.floats(0, 1))
def test_the_share_holds_for_every_beginning(written, builtin, share):
    """Until one side runs out, and nothing is lost."""
    make = Mutator(config(), 0).one(PROMPT, "noise.transpose")
    assert make is not None
    sides = [[(side, make) for _ in range(count)] for side, count in (("w", written), ("b", builtin))]
    taken = list(mixed(iter(sides[0]), iter(sides[1]), share))  # type: ignore[arg-type]
    assert len(taken) == written + builtin
    both = 0
    for count, (side, _) in enumerate(islice(taken, min(written, builtin)), 1):
        both += side == "w"
        assert abs(both - share * count) <= 1
