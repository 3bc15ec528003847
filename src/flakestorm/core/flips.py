"""How many trials end otherwise although nothing has changed: the noise in every comparison."""

from __future__ import annotations

from flakestorm.model.errors import UsageError
from flakestorm.model.run import Run


def flips_of(run: Run) -> float:
    """The expected share (0–1) of pairs that differ between two runs like ``run``, from its control arm.

    Of c failures in k undisturbed trials of a golden prompt, 2·c·(k-c) ÷ k·(k-1) estimates without bias how
    often two of its trials differ. Raises ``UsageError`` where no prompt was run undisturbed more than once.
    """
    differing = pairs = 0.0
    for row in run.by_prompt:
        judged = row.control.passed + row.control.failed
        if judged > 1:
            differing += 2 * row.control.failed * row.control.passed / (judged - 1)
            pairs += judged
    if not pairs:
        raise UsageError(
            f"run {run.info.id} tells nothing about flakiness: no golden prompt was judged undisturbed more "
            "than once (advanced.control_repeats). Say it with --flips, such as --flips 10%."
        )
    return differing / pairs
