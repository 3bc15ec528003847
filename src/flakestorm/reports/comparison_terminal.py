"""A comparison in a screenful."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from flakestorm.reports.severity_style import SEVERITY_STYLE
from flakestorm.reports.visible import visible
from flakestorm.scoring.comparison import ComparisonVerdict
from flakestorm.scoring.comparison_result import Change, Comparison, RunLabel

SHOWN_CHANGES = 5
SHOWN_ARMS = 10
EXAMPLE_WIDTH = 100
_STYLES = {ComparisonVerdict.WORSE: "bold red", ComparisonVerdict.NOT_WORSE: "bold green"}


def print_comparison(found: Comparison, console: Console) -> None:
    """Print ``found``: verdict, what led to it, where, and what changed."""
    numbers = found.numbers
    style = _STYLES.get(numbers.verdict, "bold yellow")
    word, _, rest = found.headline.partition(":")
    console.print()
    console.print(Text.assemble((word.upper(), style), " ", rest))
    for reason in found.reasons():
        console.print(Text(f"  {visible(reason, 400)}"))
    console.print(Text(f"  {_label(found.head)} against {_label(found.base)}", "dim"))
    _arms(found, console)
    _changes("Newly failing", found.newly_failing, len(found.failing_ids), console)
    _changes("Newly passing", found.newly_passing, len(found.passing_ids), console)


def _label(label: RunLabel) -> str:
    place = " ".join(visible(part, 40) for part in (label.branch, label.commit[:12]) if part)
    return f"run {visible(label.id)}{f' ({place})' if place else ''}"


def _arms(found: Comparison, console: Console) -> None:
    changed = [arm for arm in found.numbers.arms if arm.newly_failing or arm.newly_passing]
    if not changed:
        return
    console.print()
    console.print(Text("Where", style="bold"))
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("type or scenario")
    for name in ("compared", "newly failing", "newly passing"):
        table.add_column(name, justify="right")
    for arm in changed[:SHOWN_ARMS]:
        counts = (arm.judged, arm.newly_failing, arm.newly_passing)
        table.add_row(Text(visible(arm.name or "undisturbed", 60)), *(f"{count:,}" for count in counts))
    console.print(table)


def _changes(title: str, changes: Sequence[Change], count: int, console: Console) -> None:
    if not count:
        return
    console.print()
    console.print(Text(f"{title}: {count:,}", style="bold"))
    for change in changes[:SHOWN_CHANGES]:
        rule = f"breaks {visible(change.rule, 60)} · " if change.rule else ""
        console.print(
            Text.assemble(
                (f"{change.severity.value:<8} ", SEVERITY_STYLE[change.severity]),
                f"{rule}{visible(change.prompt, 60)} · {visible(change.operator or 'undisturbed', 60)}",
                (f"  trial:{visible(change.id)}", "dim"),
            )
        )
        for name, text in (("sent", change.sent), ("before", change.before), ("now", change.after)):
            if text is not None:
                console.print(Text.assemble((f"         {name:<7}", "dim"), visible(text, EXAMPLE_WIDTH)))
    if count > SHOWN_CHANGES:
        console.print(Text(f"… and {count - SHOWN_CHANGES:,} more: -o json lists all", style="dim"))
