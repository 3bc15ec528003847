"""How many environment bugs flakestorm finds, and what it blames correct agents for: FINDING_POWER.md.

Usage: finding_faults.py [--seeds N] [--write]. Without --write, one line for the profiles: about a minute.
With it, explorations as well, and the document: about ten minutes for a seed.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "tests" / "quality"))

from environment.defects import CORRECT, PLANTED, Planted  # noqa: E402 - the path comes first
from environment.desk import Desk  # noqa: E402 - the same
from environment.examination import Examination, Way, all_profiles, exploration, place  # noqa: E402 - the same

OUTPUT = HERE / "FINDING_POWER.md"
BEGIN, END = "<!-- begin environment -->", "<!-- end environment -->"
WAYS: dict[str, Way] = {"profiles": all_profiles, "explore": exploration}
TITLES = {"profiles": "`run --chaos-only --chaos-profile all`", "explore": "`explore`"}

RULES = frozenset({"completes", "regex", "output_not_empty"})

Seen = list[dict[type[Desk], Examination]]
"""What was seen of each agent, for each seed."""

INTRODUCTION = """## {count} environment bugs

Written by `benchmarks/finding_faults.py`, {seeds} seed(s). Three correct agents (a model over aiohttp, over
httpx, and over OpenAI's own client with streams; tools as functions and over HTTP) and versions of them with
one defect each that shows when the environment is bad (`tests/quality/environment/`), examined with two
golden prompts and the rules `completes`, `output_not_empty` and a `regex` for the answer. A defect is found
when a rule fails or a finding is made that is right about it, under a fault where its correct twin has none.
*Not clean* are runs in which an undisturbed trial failed.
"""


async def seen(way: Way, seeds: int) -> Seen:
    """All agents examined with every seed."""
    desks = [*CORRECT, *(planted.desk for planted in PLANTED)]
    found = []
    for seed in range(seeds):
        with tempfile.TemporaryDirectory() as folder:
            async with place(Path(folder)) as here:
                found.append(await here.examine_all(desks, way, seed))
        print(f"{way.__name__}, seed {seed}: {len(desks)} agents", file=sys.stderr)
    return found


def shown(planted: Planted, one: dict[type[Desk], Examination]) -> list[tuple[str, str]]:
    """What shows the defect."""
    return one[planted.desk].beyond(one[planted.twin], planted)


def summary(name: str, runs: Seen) -> Iterator[str]:
    """A row of the table of recall, and of what correct agents are blamed for."""
    found = sum(bool(shown(planted, one)) for one in runs for planted in PLANTED)
    total = len(runs) * len(PLANTED)
    blamed = Counter(kind for one in runs for desk in CORRECT for _, kind in one[desk].findings)
    critical = sum(len(one[desk].critical) for one in runs for desk in CORRECT)
    trials = sum(seen.trials for one in runs for seen in one.values())
    told = ", ".join(f"`{kind}` {count}" for kind, count in sorted(blamed.items())) or "none"
    dirty = sum(not seen.clean for one in runs for seen in one.values())
    cells = f"{total} | {trials:,} | {found / total:.1%} | {critical} | {told} | {dirty}"
    yield f"| {TITLES[name]} | {cells} |"


def cell(planted: Planted, runs: Seen) -> str:
    """How often the defect was found, and by what in the first place."""
    found = [places for one in runs if (places := shown(planted, one))]
    if not found:
        return "–"
    # A finding says more than the rule that fails with it.
    scenario, kind = min(found[0], key=lambda place: (place[1] in RULES, place))
    often = "" if len(found) == len(runs) else f" ({len(found)} of {len(runs)})"
    return f"`{kind}` under {scenario}{often}"


def document(runs: dict[str, Seen], seeds: int) -> str:
    """The section of the document."""
    lines = [INTRODUCTION.format(count=len(PLANTED), seeds=seeds)]
    lines.append(
        "| way | runs | trials | found | critical on correct agents | findings on them | not clean |"
    )
    lines.append("|---|---:|---:|---:|---:|---|---:|")
    for name, seen in runs.items():
        lines += summary(name, seen)
    lines += [
        "",
        f"| agent | defect | {' | '.join(TITLES[name] for name in runs)} |",
        "|---|---|" + "---|" * len(runs),
    ]
    for planted in PLANTED:
        cells = " | ".join(cell(planted, seen) for seen in runs.values())
        lines.append(f"| {planted.name} | {planted.defect} | {cells} |")
    return "\n".join(lines) + "\n"


def write(runs: dict[str, Seen], seeds: int) -> None:
    """Put the section into the document, in the place of the one that was there."""
    whole = OUTPUT.read_text(encoding="utf-8")
    before, _, rest = whole.partition(BEGIN)
    after = rest.partition(END)[2] or "\n"
    section = f"{BEGIN}\n{document(runs, seeds)}{END}"
    OUTPUT.write_text(f"{before.rstrip()}\n\n{section}{after}", encoding="utf-8")


def line(runs: Seen) -> str:
    """What ``make bench`` prints."""
    found = [bool(shown(planted, one)) for one in runs for planted in PLANTED]
    critical = sum(len(one[desk].critical) for one in runs for desk in CORRECT)
    return (
        f"finding faults: {sum(found)} of {len(found)} environment bugs found with all profiles, "
        f"{critical} critical findings on {len(CORRECT)} correct agents"
    )


def main() -> None:
    """One line, or the section of the document."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    # The servers of the agents tell of each connection that an agent gives up.
    logging.getLogger("aiohttp.server").setLevel(logging.CRITICAL)
    if options.write:
        write({name: asyncio.run(seen(way, options.seeds)) for name, way in WAYS.items()}, options.seeds)
    else:
        print(line(asyncio.run(seen(all_profiles, options.seeds))))


if __name__ == "__main__":
    main()
