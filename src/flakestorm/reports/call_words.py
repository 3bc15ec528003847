"""A call in words, the same in every report."""

from __future__ import annotations

from flakestorm.model.outcome import Call
from flakestorm.model.run import Amplification, DataUse, Recovery, ScenarioRow

ENDINGS = {
    "reset": "connection broken",
    "cut": "cut off",
    "hung": "no answer",
    "left": "the agent gave up waiting",
    "open": "still open at the end",
    "unreachable": "not reached",
}
"""How a call ended without a complete answer, in words; others are shown as they are."""


def result(call: Call) -> str:
    """What came of the call: its status, how it ended, which faults fired, whose retry it is."""
    parts = ["" if call.status is None else str(call.status), ENDINGS.get(call.ended, call.ended)]
    if call.fired:
        parts.append(f"fault: {', '.join(call.fired)}")
    if call.retry:
        parts.append(f"SDK retry {call.retry}")
    return " · ".join(part for part in parts if part)


def amplification(found: tuple[Amplification, ...]) -> str:
    """``llm calls ×3.0 (worst ×9.0)`` for what takes more than undisturbed; "" where nothing does."""
    told = []
    for one in found:
        if one.worst >= 1.1:
            name = one.what if one.what == "tokens" else f"{one.what} calls"
            told.append(f"{name} ×{one.median:.1f} (worst ×{one.worst:.1f})")
    return ", ".join(told)


def recovery(found: Recovery) -> str:
    """``after 2 calls, 1.2 s (never in 3 of 20)``; "" where no trial was judged."""
    trials = found.recovered + found.never
    if not trials:
        return ""
    if found.calls is None or found.seconds is None:
        return f"never in all {trials}"
    noun = "call" if found.calls == 1 else "calls"
    never = f" (never in {found.never} of {trials})" if found.never else ""
    return f"after {found.calls:g} {noun}, {found.seconds:.1f} s{never}"


def data_use(found: DataUse) -> str:
    """``4 noticed, 2 used in silence, 1 made up``; "" without damaged data."""
    if not (found.noticed or found.silent or found.fabricated):
        return ""
    return f"{found.noticed} noticed, {found.silent} used in silence, {found.fabricated} made up"


def consequences(row: ScenarioRow) -> list[tuple[str, str]]:
    """(name, sentence) for what a scenario made the agent do, as far as something was seen."""
    pairs = [
        ("takes", amplification(row.amplification)),
        ("recovers", recovery(row.recovery)),
        ("damaged data", data_use(row.data)),
    ]
    return [(name, text) for name, text in pairs if text]
