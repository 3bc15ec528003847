"""A contract in the JUnit report: a test case for each of its cells."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from html import escape

from flakestorm.model.contract import CellStatus, ContractCell, ContractResult, Promise
from flakestorm.reports.hidden import plain
from flakestorm.reports.junit_text import opening
from flakestorm.reports.visible import visible

NAME_WIDTH = 80


def counts_of_cells(contract: ContractResult) -> Counter[CellStatus]:
    """How many cells ended in which way."""
    return Counter(cell.status for cell in contract.cells)


def contract_suite(contract: ContractResult, again: str) -> Iterator[str]:
    """The lines of a suite: scenarios are classes, invariants cases. ``again`` is the command for a trial."""
    counts = counts_of_cells(contract)
    skipped = counts[CellStatus.SKIPPED] + counts[CellStatus.INCONCLUSIVE]
    yield opening(
        "testsuite",
        {
            "name": f"contract {visible(contract.terms.name)}",
            "tests": counts.total(),
            "failures": counts[CellStatus.FAILED],
            "errors": counts[CellStatus.ERRORED],
            "skipped": skipped,
        },
    )
    promises = {promise.name: promise for promise in contract.terms.promises}
    for cell in contract.cells:
        yield _case(contract.terms.name, cell, promises[cell.invariant], again)
    yield "</testsuite>"


def _case(contract: str, cell: ContractCell, promise: Promise, again: str) -> str:
    passed = cell.status is CellStatus.PASSED
    # Readers take dots for the limits of packages.
    names = (visible(name, NAME_WIDTH).replace(".", "·") for name in (contract, cell.scenario))
    start = opening(
        "testcase", {"classname": ".".join(names), "name": visible(cell.invariant, NAME_WIDTH)}, passed
    )
    return start if passed else f"{start}{_result(cell, promise, again)}</testcase>"


def _result(cell: ContractCell, promise: Promise, again: str) -> str:
    counts = ", ".join(
        f"{count:,} {name}"
        for name in ("passed", "failed", "errored", "inconclusive", "skipped")
        if (count := getattr(cell, name))
    )
    told = f"{promise.severity} invariant: {counts or 'no trial'}"
    if cell.status not in (CellStatus.FAILED, CellStatus.ERRORED):
        return opening("skipped", {"message": f"{cell.status}: {told}"}, closed=True)
    element = "failure" if cell.status is CellStatus.FAILED else "error"
    lines = [told, *(f"again: {again} --only trial:{trial}" for trial in cell.trials[:1])]
    start = opening(element, {"message": told, "type": promise.type})
    return f"{start}{escape(plain(chr(10).join(lines)))}</{element}>"
