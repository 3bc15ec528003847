"""The matrix of a contract for a terminal: a row per invariant, a numbered column per scenario."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text

from flakestorm.model.contract import CellStatus, ContractCell, ContractResult
from flakestorm.reports.severity_style import SEVERITY_STYLE
from flakestorm.reports.visible import visible

SHOWN_SCENARIOS = 16
"""So many columns, the first, fit beside a name; the other reports have all."""
SHOWN_INVARIANTS = 40
NAME = 32
STYLE = {
    CellStatus.PASSED: "green",
    CellStatus.FAILED: "bold red",
    CellStatus.ERRORED: "yellow",
    CellStatus.INCONCLUSIVE: "blue",
    CellStatus.SKIPPED: "dim",
}
LEGEND = "✓ kept   ✕n broken in n trials   ! no reply to judge   ? no fault fired   · not for this scenario"


def print_contract(result: ContractResult, console: Console) -> None:
    """The matrix, the names of its columns, and what the signs mean."""
    terms = result.terms
    columns = terms.scenarios[:SHOWN_SCENARIOS]
    cells = {(cell.invariant, cell.scenario): cell for cell in result.cells}
    table = Table(box=None, padding=(0, 1, 0, 0), header_style="dim")
    table.add_column("invariant", max_width=NAME)
    table.add_column("severity")
    for number in range(1, len(columns) + 1):
        table.add_column(str(number), justify="right", no_wrap=True)
    for promise in terms.promises[:SHOWN_INVARIANTS]:
        table.add_row(
            Text(visible(promise.name, NAME), no_wrap=True, overflow="ellipsis"),
            Text(promise.severity.value, style=SEVERITY_STYLE[promise.severity]),
            *(_sign(cells[promise.name, column]) for column in columns),
        )
    console.print(table)
    for number, column in enumerate(columns, 1):
        console.print(Text(f"{number:>4}  {visible(column, 60)}", style="dim"))
    left_out = _left_out(result)
    if left_out:
        console.print(Text(left_out, style="dim"))
    console.print(Text(LEGEND, style="dim"))


def _sign(cell: ContractCell) -> Text:
    signs = {
        CellStatus.PASSED: "✓",
        CellStatus.FAILED: f"✕{cell.failed:,}",
        CellStatus.ERRORED: "!",
        CellStatus.INCONCLUSIVE: "?",
        CellStatus.SKIPPED: "·",
    }
    return Text(signs[cell.status], style=STYLE[cell.status])


def _left_out(result: ContractResult) -> str:
    scenarios = len(result.terms.scenarios) - SHOWN_SCENARIOS
    invariants = len(result.terms.promises) - SHOWN_INVARIANTS
    parts = [(scenarios, "scenarios"), (invariants, "invariants")]
    told = " and ".join(f"{count:,} more {what}" for count, what in parts if count > 0)
    return f"… and {told} in the report" if told else ""
