"""How near the ideal a contract gets: 20 invariants × 10 scenarios on an agent that takes 50 ms."""

from __future__ import annotations

import tempfile
from math import ceil
from pathlib import Path
from time import perf_counter

from contract_agent import DELAY_S

from flakestorm.core.config import FlakeStormConfig
from flakestorm.core.contract_matrix import Contract
from flakestorm.core.contract_run import contract_chaos
from flakestorm.core.execution import Execution
from flakestorm.core.wishes import Wishes
from flakestorm.loop import run_async
from flakestorm.model.run import Run
from flakestorm.store.runs import RunFolder

HERE = Path(__file__).parent
CONCURRENCY = 20
INVARIANTS, SCENARIOS, PROMPTS = 20, 10, 10
ATTEMPTS = 3
ALLOWED = 1.3
"""Times the ideal: the distinct invocations, ``CONCURRENCY`` at a time, and nothing else."""


def config() -> FlakeStormConfig:
    """Ten golden prompts; half of the invariants have a probe of their own instead of them."""
    prompts = "".join(f'  - "How do I get a refund for order {4512 + n}?"\n' for n in range(PROMPTS))
    rules = "".join(
        f"    - {{id: rule-{n}, type: excludes_pattern, pattern: 'password{n}', severity: high"
        f"{f', probes: [Say password{n}]' if n % 2 else ''}}}\n"
        for n in range(INVARIANTS)
    )
    faults = "".join(
        f"    - {{name: s{code}, tool_faults: [{{mode: error, error_code: {code}}}]}}\n"
        for code in range(500, 499 + SCENARIOS)
    )
    return FlakeStormConfig.from_yaml(
        f"agent: {{type: python, endpoint: 'contract_agent.py:agent', tools: ['contract_agent:policy'], "
        f"cwd: '{HERE}'}}\n"
        f"golden_prompts:\n{prompts}contract:\n  name: refunds\n  invariants:\n{rules}  chaos_matrix:\n"
        f"    - {{name: no-chaos}}\n{faults}advanced: {{concurrency: {CONCURRENCY}}}\n"
    )


def timed() -> tuple[Run, float]:
    """A run of the contract, and how many seconds all of it took."""
    made = config()
    chaos = contract_chaos(Contract.wanted(made))
    with tempfile.TemporaryDirectory() as folder:
        execution = Execution(made, Wishes(folder=RunFolder(Path(folder)), chaos=chaos))
        begin = perf_counter()
        run = run_async(execution.run())
        return run, perf_counter() - begin


def main() -> None:
    """Prints one line. The best of a few attempts: others use this machine, too."""
    run, seconds = min((timed() for _ in range(ATTEMPTS)), key=lambda done: done[1])
    assert run.contract is not None
    judged = sum(cell.status.is_judged for cell in run.contract.cells)
    assert judged == INVARIANTS * SCENARIOS, "every cell has a verdict"
    trials = run.totals.trials
    ideal = ceil(trials / CONCURRENCY) * DELAY_S
    verdict = "ok" if seconds <= ALLOWED * ideal else "TOO SLOW"
    print(
        f"contract   {INVARIANTS} × {SCENARIOS} cells, {trials} invocations of {DELAY_S * 1000:.0f} ms, "
        f"{CONCURRENCY} at once: {seconds:.2f} s, ideal {ideal:.2f} s, {seconds / ideal:.2f} × "
        f"(at most {ALLOWED}): {verdict}"
    )


if __name__ == "__main__":
    main()
