"""What reducing a failure costs in calls to the agent, and what deciding where to search costs in time."""

from __future__ import annotations

from collections.abc import Callable
from time import process_time

from flakestorm.core.search import SearchPlan, searchable
from flakestorm.model.mutation import Edit, Kind, Mutation, apply_edits
from flakestorm.model.prompt import GoldenPrompt
from flakestorm.mutations.config import MutationsConfig
from flakestorm.mutations.engine import Mutator
from flakestorm.mutations.reduction import Answer, Reduced, Reduction

WORDS = "the quick brown fox jumps over the lazy dog while seven wizards box with it "
LONG = (WORDS * 27)[:1999]
BESIDE = 4
"""Seeing the failure once more, and sending the minimal input three times."""
PLACES = range(0, 1990, 37)


def calls(prompt: GoldenPrompt, edit: Edit, fails: Callable[[str], bool]) -> int:
    """How many calls it takes to reduce the failure that ``edit`` makes of ``prompt``."""
    text = apply_edits(prompt.text, (edit,))
    mutation = Mutation("noise", "noise.op", (text,), Kind.PRESERVES_MEANING, 0, 0.3, (edit,))
    reduction = Reduction(prompt, mutation)
    steps, known = reduction.steps(), {mutation.turns: Answer.FAILS}
    try:
        wanted: Reduced = next(steps)
        while True:
            if wanted.turns not in known:
                known[wanted.turns] = Answer.FAILS if fails(wanted.text) else Answer.PASSES
            wanted = steps.send(known[wanted.turns])
    except StopIteration:
        return len(known) - 1 + BESIDE


def added(place: int) -> int:
    """One guilty character among 2,000 that were added to a short prompt."""
    prompt = GoldenPrompt(("Where is my refund?",))
    return calls(prompt, Edit(0, 0, f"{LONG[:place]}#{LONG[place:]}"), lambda text: "#" in text)


def inside(place: int) -> int:
    """One guilty character in a prompt of 2,000, which needs one of its words to pass."""
    prompt = GoldenPrompt((f"{LONG[:600]} refund {LONG[600:1991]}",))
    return calls(prompt, Edit(place, place, "#"), lambda text: "#" in text or "refund" not in text)


def longer(place: int) -> int:
    """Any text above a limit: the limit is found by bisection."""
    prompt = GoldenPrompt(("Where is my refund?",))
    return calls(prompt, Edit(0, 0, LONG), lambda text: len(text) > 150 + place * 0.9)


def decisions(budget: int) -> float:
    """Decisions a second of a search over 20 golden prompts, with making the mutations."""
    prompts = [GoldenPrompt((f"How do I get a refund for order {4512 + i}?",)) for i in range(20)]
    config = MutationsConfig()
    names, _ = searchable(config)
    plan = SearchPlan(prompts, Mutator(config, 0).one, names, budget, 1)
    begin = process_time()
    made = sum(1 for trials in plan.rounds() for _ in trials)
    return made / (process_time() - begin)


def main() -> None:
    """Print one line for each."""
    for name, measure in (("added", added), ("in the prompt", inside)):
        counts = [measure(place) for place in PLACES]
        mean = sum(counts) / len(counts)
        print(
            f"shrinking, 1 guilty character of 2,000 {name}: {max(counts)} calls at worst, "
            f"{mean:.1f} in the mean (aim: 40)"
        )
    counts = [longer(place) for place in PLACES]
    print(f"shrinking, a limit of length: {max(counts)} calls at worst (aim: 40)")
    print(f"search, 20 golden prompts, 5,000 calls: {decisions(5000):,.0f} decisions/s")


if __name__ == "__main__":
    main()
