"""``flakestorm record``: the agent's real calls, kept so that runs can be repeated without any."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flakestorm.cli.boundary import bounded
from flakestorm.cli.options import (
    DEFAULT_CASSETTE,
    DEFAULT_CONFIG,
    CiOption,
    ConcurrencyOption,
    ConfigOption,
    QuietOption,
)
from flakestorm.model.errors import UsageError, WorkError
from flakestorm.model.nearest import did_you_mean

if TYPE_CHECKING:
    from rich.console import Console

    from flakestorm.core.cassette_run import CassetteRun
    from flakestorm.core.config import FlakeStormConfig
    from flakestorm.model.run import Run

NOTHING_KEPT = (
    "no call of the agent passed through flakestorm, so there is nothing to record. How calls are led "
    "through it: flakestorm gateway, agent.serve and agent.tools (see `flakestorm verify`)"
)


@bounded
def record(
    config: ConfigOption = DEFAULT_CONFIG,
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="CASSETTE", help="The file to write, anew each time.")
    ] = DEFAULT_CASSETTE,
    prompt: Annotated[
        list[str] | None,
        typer.Option(
            "--prompt",
            metavar="PROMPT",
            help="Only this golden prompt: its name, id or text. May be repeated.",
        ),
    ] = None,
    concurrency: ConcurrencyOption = None,
    ci: CiOption = False,
    quiet: QuietOption = False,
) -> int:
    """Keep what LLMs and tools answer, for playback.

    The golden prompts are sent undisturbed.

    With `--cassette` the other commands play it: offline, without keys, the same each time. Secrets are
    blotted out before anything is written.
    """
    from flakestorm.cli.consoles import console
    from flakestorm.core.cassette_run import CassetteWish
    from flakestorm.core.chaos_plan import Chaos
    from flakestorm.core.config import load_config
    from flakestorm.core.execution import Execution
    from flakestorm.core.wishes import Wishes
    from flakestorm.loop import run_async
    from flakestorm.replay.cassette import Mode
    from flakestorm.reports.live import LiveProgress

    loaded = load_config(config).with_advanced(concurrency=concurrency, shrink_budget=0)
    if prompt:
        loaded = only_prompts(loaded, prompt)
    wishes = Wishes(chaos=Chaos((), only=True), cassette=CassetteWish(output, Mode.ALL))
    out = console(quiet, plain=ci)
    progress = LiveProgress(out)
    execution = Execution(loaded, wishes, [progress])
    try:
        finished = run_async(execution.run())
    finally:
        progress.stop()
    return _told(finished, execution.cassette, out)


def only_prompts(config: FlakeStormConfig, wanted: list[str]) -> FlakeStormConfig:
    """``config`` with the golden prompts ``wanted`` alone. Raises ``UsageError`` for an unknown one."""
    entries = []
    for text in wanted:
        fits = [
            entry
            for entry in config.golden_prompts
            if text in (entry.golden.name, entry.golden.id, *entry.golden.turns)
        ]
        if not fits:
            known = [entry.golden.name or entry.golden.turns[-1] for entry in config.golden_prompts]
            near = did_you_mean(text, known) or "."
            raise UsageError(
                f"--prompt: there is no golden prompt '{text}'{near} There are: {', '.join(known)}"
            )
        entries += fits
    chosen = config.model_copy(update={"golden_prompts": tuple(entries)})
    for computed in ("golden", "digest"):
        # The copy takes over what was computed for the original.
        chosen.__dict__.pop(computed, None)
    return chosen


def _told(finished: Run, run: CassetteRun | None, out: Console) -> int:
    from flakestorm.core.assembly import INTERRUPTED

    written = run.written if run is not None else None
    if run is None or written is None or not written.entries:
        raise WorkError(NOTHING_KEPT)
    calls = [call for record in finished.records() for call in record.outcome.calls]
    tokens = sum(call.tokens or 0 for call in calls)
    kinds = ", ".join(f"{count:,} {kind}" for kind, count in sorted(written.kinds.items()))
    path = run.cassette.path
    size = f"{len(written.entries):,} calls ({kinds}; {tokens:,} tokens)"
    out.print(f"Recorded in {path}: {size}, digest {written.digest}.", soft_wrap=True, markup=False)
    hushed = (
        f"Secrets were blotted out of {written.hushed:,} texts" if written.hushed else "No secrets were seen"
    )
    out.print(f"{hushed}; headers of requests are never written.", soft_wrap=True, markup=False)
    if run.unplayable:
        names = ", ".join(sorted(run.unplayable))
        out.print(
            f"No cassette can give back what these tools return: {names}. Their trials will be errored.",
            soft_wrap=True,
            markup=False,
        )
    out.print(f"Play it: flakestorm chaos --cassette {path}", soft_wrap=True, markup=False)
    if finished.totals.errored or finished.info.stop_reason:
        why = finished.info.stop_reason or f"the agent gave no reply in {finished.totals.errored} trials"
        out.print(f"Not complete: {why}.", soft_wrap=True, markup=False)
        return 130 if finished.info.stop_reason == INTERRUPTED else 1
    return 0


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command()(record)
