"""``flakestorm score``: the number alone, for scripts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flakestorm.cli.boundary import bounded
from flakestorm.cli.options import ConfigOption, MinScoreOption

if TYPE_CHECKING:
    from flakestorm.model.run import Run


@bounded
def score(
    run: Annotated[str, typer.Argument(metavar="[RUN]", help="A stored run; without it, see --config.")] = "",
    config: ConfigOption = None,  # type: ignore[assignment] # None is "not given"; the option shows FILE
    min_score: MinScoreOption = None,
) -> int:
    """Print the score alone: of a stored run, or of a new one.

    It is the overall score, over all that was measured. Without arguments it is that of the latest run; with
    -c FILE a run is made quietly.
    One line: value, interval and number of judged trials, separated by spaces.
    """
    from flakestorm.core.stored import stored_run

    finished = _fresh(config, min_score) if config is not None else stored_run(run or "latest", min_score)
    overall = finished.scores.overall
    if overall is None:
        typer.echo("- - - 0")
    else:
        typer.echo(f"{overall.value:.4f} {overall.low:.4f} {overall.high:.4f} {overall.judged}")
    return finished.assessment.exit_code


def _fresh(config: Path, min_score: float | None) -> Run:
    from flakestorm.core.config import load_config
    from flakestorm.core.execution import Execution
    from flakestorm.core.wishes import Wishes
    from flakestorm.loop import run_async

    # Only the number is wanted, so that nothing is spent on explaining failures.
    loaded = load_config(config).with_advanced(shrink_budget=0)
    return run_async(Execution(loaded, Wishes(min_score=min_score)).run())


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command()(score)
