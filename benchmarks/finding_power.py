"""How many planted bugs flakestorm finds, how soon, and how often it blames correct agents: FINDING_POWER.md.

Usage: finding_power.py [--seeds N] [--only text|servers]. Takes about ten minutes for a seed.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "tests" / "quality"))

from planted.catalogue import CORRECT, DEFECTIVE  # noqa: E402 - the path comes first
from planted.examination import (  # noqa: E402 - the same
    Examination,
    Plan,
    examine,
    examine_served,
    examine_until_found,
    types_of,
)
from planted.server_defects import SERVED  # noqa: E402 - the same
from planted.specimen import Profile, Specimen  # noqa: E402 - the same

OUTPUT = HERE / "FINDING_POWER.md"
CALLS = 500
BUDGETS = (25, 33, 50, 100, 200, 300, 500)
TRIES = 3
AT_ONCE = 4
"""Servers that are attacked at the same time; most of an attack is waiting."""


@dataclass(frozen=True)
class Setting:
    """One way to run: its name in the tables, the types (none: nothing configured), and the strategy."""

    name: str
    types: tuple[str, ...]
    search: bool = False

    def plan(self, seed: int) -> Plan:
        """The plan of a run with this seed."""
        return Plan(self.types, CALLS, seed, self.search)


DEFAULT = Setting("default types (nothing configured)", ())
ALL_TEXT = Setting("all text types", types_of(Profile.ALL_TEXT))
DEFAULT_SEARCH = Setting("default types, search", types_of(Profile.DEFAULT), search=True)
ALL_TEXT_SEARCH = Setting(f"`run --budget {CALLS}` (nothing configured: all text types)", (), search=True)
SETTINGS = (DEFAULT, ALL_TEXT, DEFAULT_SEARCH, ALL_TEXT_SEARCH)

Found = dict[str, list[Examination]]
"""Name of the agent → its examination with each seed."""


def examined(specimen: Specimen, plan: Plan) -> Examination:
    """One specimen, once more where a busy machine made an undisturbed call late."""
    how = examine_until_found if specimen.defect else examine
    for _ in range(TRIES):
        with tempfile.TemporaryDirectory() as folder:
            done = how(specimen, plan, Path(folder))
        if done.clean or specimen.noisy:
            return done
    raise SystemExit(f"{specimen.name} fails undisturbed, so that nothing it shows would count")


def texts(specimens: Sequence[Specimen], setting: Setting, seeds: int) -> Found:
    """Every specimen examined with every seed."""
    results: Found = {}
    for specimen in specimens:
        for seed in range(seeds):
            results.setdefault(specimen.name, []).append(examined(specimen, setting.plan(seed)))
    print(f"{setting.name}: {len(results)} agents, {seeds} seeds", file=sys.stderr)
    return results


async def servers(seeds: int) -> Found:
    """Every server examined with all types of the protocol."""
    free = asyncio.Semaphore(AT_ONCE)
    types = types_of(Profile.PROTOCOL)

    async def one(place: int, seed: int) -> Examination:
        async with free:
            with tempfile.TemporaryDirectory() as folder:
                return await examine_served(SERVED[place], Plan(types, CALLS, seed), Path(folder))

    places = range(len(SERVED))
    done = await asyncio.gather(*(one(place, seed) for place in places for seed in range(seeds)))
    results: Found = {}
    for examination in done:
        results.setdefault(examination.name, []).append(examination)
    return results


def calls_to_find(results: Found) -> list[int | None]:
    """The number of the first call that shows the defect, of every examination."""
    return [one.found for examinations in results.values() for one in examinations]


def summary(name: str, found: list[int | None]) -> str:
    """A row of the table of recall."""
    total = len(found)
    shares = (sum(1 for at in found if at is not None and at <= budget) / total for budget in BUDGETS)
    ranked = sorted(CALLS + 1 if at is None else at for at in found)
    low, middle, high = (called(ranked[total * quarter // 4]) for quarter in (1, 2, 3))
    cells = " | ".join(f"{share:.1%}" for share in shares)
    return f"| {name} | {total} | {cells} | {middle} ({low}–{high}) |"


def called(at: int) -> str:
    """The number of a call; one behind the last stands for never."""
    return str(at) if at <= CALLS else "never"


def recall_table(rows: list[tuple[str, list[int | None]]]) -> Iterator[str]:
    """Recall after so many calls, and how many calls the found ones took."""
    yield "| setting | runs | " + " | ".join(f"{n} calls" for n in BUDGETS) + " | median (quartiles) |"
    yield "|---|---:|" + "---:|" * len(BUDGETS) + "---:|"
    for name, found in rows:
        yield summary(name, found)


def in_own_profile(default: Found, all_text: Found) -> list[int | None]:
    """Each defect with the types that its user needs: the default ones, unless they do not speak of it."""
    chosen = {s.name: (default if s.profile is Profile.DEFAULT else all_text)[s.name] for s in DEFECTIVE}
    return calls_to_find(chosen)


def false_table(groups: list[tuple[str, Found]]) -> Iterator[str]:
    """What was found wrong with correct agents."""
    yield "| setting | correct agents | calls | failing types | critical failures | first |"
    yield "|---|---:|---:|---:|---:|---|"
    for name, found in groups:
        runs = [one for examinations in found.values() for one in examinations]
        failing, critical = sum(len(one.failing) for one in runs), sum(one.critical for one in runs)
        calls = sum(one.calls for one in runs)
        yield f"| {name} | {len(found)} | {calls:,} | {failing} | {critical} | {by_what(runs)} |"


def median_call(examinations: list[Examination]) -> str:
    """The median call of several seeds; what was missed counts as never, and is shown."""
    found = [one.found for one in examinations]
    never = found.count(None)
    middle = statistics.median_low([CALLS + 1 if at is None else at for at in found])
    text = "–" if middle > CALLS else str(middle)
    return f"{text} ({never} of {len(found)} missed)" if never else text


def by_what(examinations: list[Examination]) -> str:
    """The operator and the rule that showed the defect first."""
    shown = next((one.shows for one in examinations if one.shows), None)
    return "" if shown is None else f"`{shown[1] or shown[0]}`, {shown[2]}"


def defect_table(found: dict[Setting, Found]) -> Iterator[str]:
    """One row for each planted text defect."""
    yield "| agent | defect | needs | default | all text | default, search | `--budget` | shown by |"
    yield "|---|---|---|---:|---:|---:|---:|---|"
    for specimen in DEFECTIVE:
        own = DEFAULT if specimen.profile is Profile.DEFAULT else ALL_TEXT
        cells = " | ".join(median_call(found[setting][specimen.name]) for setting in SETTINGS)
        shown = by_what(found[own][specimen.name])
        yield f"| {specimen.name} | {specimen.defect} | {specimen.profile.value} | {cells} | {shown} |"


def server_table(found: Found) -> Iterator[str]:
    """One row for each server with a defect."""
    yield "| server | defect | first call | shown by |"
    yield "|---|---|---:|---|"
    for served in SERVED:
        if served.defect:
            runs = found[served.name]
            yield f"| {served.name} | {served.defect} | {median_call(runs)} | {by_what(runs)} |"


def text_sections(seeds: int) -> Iterator[str]:
    """Recall, false findings and details of the agents that are Python functions."""
    found = {setting: texts(DEFECTIVE, setting, seeds) for setting in SETTINGS}
    rows = [(setting.name, calls_to_find(found[setting])) for setting in SETTINGS]
    own = in_own_profile(found[DEFAULT], found[ALL_TEXT])
    searched = in_own_profile(found[DEFAULT_SEARCH], found[ALL_TEXT_SEARCH])
    yield f"## {len(DEFECTIVE)} text defects\n"
    yield from recall_table([("each in its own profile", own), ("the same, search", searched), *rows])
    yield "\n## Correct agents\n"
    yield from false_table([(s.name, texts(CORRECT, s, seeds)) for s in SETTINGS])
    yield "\n## Each text defect\n"
    yield from defect_table(found)


def server_sections(seeds: int) -> Iterator[str]:
    """The same of the servers."""
    found = asyncio.run(servers(seeds))
    defective = {served.name: found[served.name] for served in SERVED if served.defect}
    correct = {served.name: found[served.name] for served in SERVED if not served.defect}
    yield f"\n## {len(defective)} defects of servers\n"
    yield from recall_table([("all protocol types", calls_to_find(defective))])
    yield ""
    yield from false_table([("all protocol types", correct)])
    yield ""
    yield from server_table(found)


INTRODUCTION = """# Finding power

Written by `benchmarks/finding_power.py`. Small agents, each correct but for one planted defect
(`tests/quality/planted/`), are examined as their users would: a few golden prompts, the rules that one
writes without knowing the defect (an answer, text in it, in time, nothing private), {calls} calls, everything
else by default. A defect is found by the first call that fails *because of it*: the same agent without the
defect replies otherwise to that very call, and the undisturbed calls passed (but for the one defect that
shows without any disturbance). The number of that call, control arm included, is what the tables show; with
{seeds} seed(s), the median. "Own profile" are the default mutation types where they speak of the defect, and
all text types where not; a search spends the same number of calls where failures are. Servers are always
examined with one seed and all protocol types.
"""


def main() -> None:
    """Write the document, or one half of it to the terminal."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--only", choices=("text", "servers"))
    options = parser.parse_args()
    lines: list[str] = []
    if options.only != "servers":
        lines += text_sections(options.seeds)
    if options.only != "text":
        lines += server_sections(1)
    text = INTRODUCTION.format(calls=CALLS, seeds=options.seeds) + "\n" + "\n".join(lines) + "\n"
    if options.only:
        print(text)
    else:
        # The other section of the document is written by finding_faults.py.
        _, mark, environment = OUTPUT.read_text(encoding="utf-8").partition("\n<!-- begin environment -->")
        OUTPUT.write_text(text + mark + environment, encoding="utf-8")


if __name__ == "__main__":
    main()
