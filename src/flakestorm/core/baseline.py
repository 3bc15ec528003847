"""The run that another must not be worse than: looked for before anything is spent on the new one."""

from __future__ import annotations

from pathlib import Path

from flakestorm.core.run_names import open_named
from flakestorm.model.errors import UsageError
from flakestorm.store.runs import RunFolder


def check_baseline(wanted: str, folder: RunFolder | None = None) -> None:
    """Raise ``UsageError`` when there is no such run: an id, ``BRANCH@latest``, or a report's path."""
    path = Path(wanted)
    try:
        if path.suffix.lower() in (".json", ".jsonl"):
            from flakestorm.reports.trial_lines import read_head

            read_head(path)
        else:
            open_named(folder or RunFolder(), wanted).close()
    except UsageError as error:
        raise UsageError(
            f"--baseline {wanted}: {error} The first run of a branch has nothing to be compared with: make "
            "it without --baseline, and keep the folder .flakestorm (or a JSON report) for the next."
        ) from error
