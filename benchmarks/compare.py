"""How long does comparing two runs take, and how much memory? Two stored runs of 100,000 trials each."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from random import Random
from time import perf_counter, process_time

from flakestorm.model.mutation import Edit, Kind, Mutation, apply_edits
from flakestorm.model.outcome import Outcome
from flakestorm.model.prompt import GoldenPrompt
from flakestorm.model.record import TrialRecord, TrialStatus
from flakestorm.model.trial import Trial
from flakestorm.model.verdict import Severity, Verdict, VerdictStatus
from flakestorm.store.run_file import Row, RunFile, json_bytes

TRIALS = 100_000
BATCH = 1000
FACTS = {
    "status": "complete",
    "started_at": "2025-01-31T23:59:01+00:00",
    "seconds": 60.0,
    "seed": 0,
    "config_digest": "d",
    "config_path": "flakestorm.yaml",
    "target": "t",
    "version": "0",
    "planned": TRIALS,
    "concurrency": 10,
    "request": None,
    "notes": [],
}


def row(number: int, rng: Random, failing: float) -> Row:
    """A trial of about 1.2 kB; in both runs the same but for how it ended."""
    prompt = GoldenPrompt((f"Where is my order {number % 50}? I have waited for it since last Friday.",))
    edits = (Edit(0, 0, f"Please, {number}: "),)
    mutation = Mutation(
        *(
            "noise",
            "noise.swap",
            (apply_edits(prompt.text, edits),),
            Kind.PRESERVES_MEANING,
            number,
            0.5,
            edits,
        )
    )
    failed = rng.random() < failing
    status = VerdictStatus.FAILED if failed else VerdictStatus.PASSED
    verdicts = (Verdict("contains", "contains", Severity.MEDIUM, status, "the reply has no 'Friday'"),)
    outcome = Outcome(12.0, reply="Your order is on its way, and should arrive on Friday. " * 4, status=200)
    end = TrialStatus.FAILED if failed else TrialStatus.PASSED
    record = TrialRecord(Trial.of(prompt, mutation), outcome, verdicts, end)
    return record.trial.id, False, end.value, "noise", 1.0, json_bytes(record.to_dict())


def store(folder: Path, id_: str, failing: float) -> None:
    """A stored run in which the share ``failing`` of the trials fails."""
    facts = {"info": {**FACTS, "id": id_}, "weights": {}, "demands": {}, "findings": []}
    run = RunFile.create(folder / "runs" / f"{id_}.db", facts)
    rng = Random(id_)
    for start in range(0, TRIALS, BATCH):
        run.append([row(number, rng, failing) for number in range(start, start + BATCH)])
    run.close()


def main() -> None:
    """Print seconds and peak memory of one comparison in a process of its own."""
    if len(sys.argv) == 2:
        from flakestorm.core.comparison import compare

        start = perf_counter()
        found = compare("base", "head")
        seconds, busy = perf_counter() - start, process_time()
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(
            f"compare: {found.numbers.pairs:,} pairs, {found.numbers.newly_failing:,} newly failing, in "
            f"{seconds:.1f} s (aim: 5; {busy:.1f} s of CPU with imports) and {peak:.0f} MB (aim: 300)"
        )
        return
    with tempfile.TemporaryDirectory() as folder:
        for id_, failing in (("base", 0.10), ("head", 0.12)):
            store(Path(folder), id_, failing)
        environment = {**os.environ, "FLAKESTORM_HOME": folder}
        subprocess.run([sys.executable, __file__, "measure"], check=True, env=environment)


if __name__ == "__main__":
    main()
