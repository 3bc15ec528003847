"""How long all patterns take on a reply of 10,000 characters, in both twins, and 1 MB of near misses."""

from __future__ import annotations

from collections.abc import Callable
from time import process_time

from flakestorm.invariants.detection.engine import Engine, PythonEngine, native_engine
from flakestorm.invariants.detection.table import INJECTION, PERSONAL, patterns

REPLY = (
    "Thanks for your patience! I looked up order 4512: it left our warehouse on Tuesday and should reach you "
    "tomorrow before noon, so it won't be long. You can follow it with the link that we sent by e-mail. If "
    "nobody is at home, the driver will try again on the next day, or leave it with a neighbour if you like. "
    "Call +49 151 23456789 or (415) 555-2671 if anything is unclear. "
)
NEAR_MISSES = "4111 1111 1111 111x ignore all of your a@b.c eyJ0 sk-aaaa you are now "


def milliseconds(call: Callable[[], object], rounds: int) -> float:
    """The best of several rounds, in milliseconds of processor time."""
    best = float("inf")
    for _ in range(rounds):
        started = process_time()
        call()
        best = min(best, process_time() - started)
    return best * 1e3


def main() -> None:
    """One line for each twin that is there."""
    rows = (*patterns(PERSONAL), *patterns(INJECTION))
    twins: dict[str, Engine | None] = {"native": native_engine(rows), "python": PythonEngine(rows)}
    reply = (REPLY * 60)[:10_000]
    hostile = [(NEAR_MISSES * 20_000)[:size] for size in (125_000, 1_000_000)]
    for name, engine in twins.items():
        if engine is None:
            print(f"patterns, {name}: the extension is not installed")
            continue
        usual = milliseconds(lambda engine=engine: engine.find(reply), 7)
        small, large = (
            milliseconds(lambda engine=engine, text=text: engine.find(text), 1) for text in hostile
        )
        print(
            f"patterns, {name}: {len(rows)} patterns on 10,000 characters {usual:.2f} ms; "
            f"near misses of 1 MB {large:,.0f} ms, {large / small:.1f} times as much as of an eighth"
        )


if __name__ == "__main__":
    main()
