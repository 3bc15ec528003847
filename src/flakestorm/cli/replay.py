"""``flakestorm replay``: recorded sessions, so that what went wrong once does not go wrong again."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flakestorm.cli.boundary import bounded
from flakestorm.cli.options import (
    DEFAULT_CONFIG,
    CassetteMode,
    CassetteModeOption,
    CassetteOption,
    CassetteSpeedOption,
    CiOption,
    ConcurrencyOption,
    ConfigOption,
    MinScoreOption,
    OutputOption,
    QuietOption,
    wanted_cassette,
)
from flakestorm.model.errors import ConfigError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console

    from flakestorm.core.config import FlakeStormConfig
    from flakestorm.model.redaction import Redactor
    from flakestorm.replay.imported import Imported

MOST = 200
"""Sessions that are fetched where nobody says how many."""
SHOWN = 20

replay = typer.Typer(
    name="replay",
    help="Replay recorded sessions; export and import them.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

LimitOption = Annotated[
    int, typer.Option("--limit", min=1, metavar="N", help="Fetch at most N sessions, the newest.")
]
SinceOption = Annotated[
    str | None,
    typer.Option("--since", metavar="TIME", help="Only sessions from then on: last_7_days, today or a date."),
]
ForceOption = Annotated[bool, typer.Option("--force", help="Replace session files that are there already.")]


@bounded
def run(
    path: Annotated[
        Path | None,
        typer.Argument(metavar="[PATH]", help="A session file, or a folder of such; else those of the file."),
    ] = None,
    config: ConfigOption = DEFAULT_CONFIG,
    output: OutputOption = None,
    from_langsmith: Annotated[
        str | None, typer.Option("--from-langsmith", metavar="ID", help="Fetch this run from LangSmith.")
    ] = None,
    from_project: Annotated[
        str | None,
        typer.Option(
            "--from-langsmith-project", metavar="NAME", help="Fetch the sessions of a LangSmith project."
        ),
    ] = None,
    filter_status: Annotated[
        str | None,
        typer.Option("--filter-status", metavar="STATUS", help="Fetch only those that ended so: error."),
    ] = None,
    since: SinceOption = None,
    min_latency_ms: Annotated[
        float | None,
        typer.Option("--min-latency-ms", min=0, metavar="MS", help="Fetch only those that took so long."),
    ] = None,
    limit: LimitOption = MOST,
    run_fetched: Annotated[
        bool, typer.Option("--run", help="Replay what was fetched; else it is shown, or saved with -o.")
    ] = False,
    repeats: Annotated[
        int | None,
        typer.Option("--repeats", min=1, metavar="N", help="Replay each N times, to see what is flaky."),
    ] = None,
    only: Annotated[
        str | None,
        typer.Option("--only", metavar="SELECTION", help="Only some: failed, errored, failed:RUN, trial:ID."),
    ] = None,
    resume: Annotated[
        str | None, typer.Option("--resume", metavar="RUN", help="Do the rest of an interrupted run.")
    ] = None,
    min_score: MinScoreOption = None,
    concurrency: ConcurrencyOption = None,
    cassette: CassetteOption = None,
    cassette_mode: CassetteModeOption = CassetteMode.ONCE,
    cassette_speed: CassetteSpeedOption = 0.0,
    ci: CiOption = False,
    quiet: QuietOption = False,
    force: ForceOption = False,
) -> int:
    """Send recorded sessions again, with the tool answers that were recorded, and judge the replies.

    A session that breaks a rule of its contract ends with exit code 1.
    """
    from flakestorm.cli.consoles import console

    fetching = from_langsmith is not None or from_project is not None
    _check(path, from_langsmith, from_project)
    found: list[Imported] = []
    secrets: frozenset[str] = frozenset()
    if fetching:
        found, secrets = _fetched(from_langsmith, from_project, (filter_status, since, min_latency_ms), limit)
    if fetching and not run_fetched:
        return _save_or_show(found, _folder(output), _redactor(config, secrets), force, console(quiet))
    from flakestorm.cli.run import run_and_report
    from flakestorm.core.config import load_config
    from flakestorm.core.replay_run import Replays
    from flakestorm.core.replay_sources import auto_imported, in_memory, redactor
    from flakestorm.core.wishes import Wishes

    loaded = load_config(config).with_advanced(concurrency=concurrency)
    redact = redactor(loaded.secrets | secrets)
    more = tuple(in_memory(session, redact) for session in found)
    if path is None and not fetching:
        more = auto_imported(loaded)
    replays = Replays.of(loaded, more) if fetching else Replays.wanted(loaded, path, more=more)
    wishes = Wishes(
        resume=resume,
        only=only,
        min_score=min_score,
        replays=replays.repeated(repeats),
        cassette=wanted_cassette(cassette, cassette_mode, cassette_speed),
    )
    return run_and_report(loaded, wishes, console(quiet, plain=ci), output)


def _check(path: Path | None, run_id: str | None, project: str | None) -> None:
    if run_id is not None and project is not None:
        raise UsageError(
            "--from-langsmith names one run and --from-langsmith-project all of a project: give one."
        )
    if path is not None and (run_id is not None or project is not None):
        raise UsageError(
            f"'{path}' names sessions, and --from-langsmith fetches others: give one of them. Fetched "
            "sessions are saved with -o FOLDER."
        )


def _fetched(
    run_id: str | None, project: str | None, wanted: tuple[str | None, str | None, float | None], limit: int
) -> tuple[list[Imported], frozenset[str]]:
    import os

    from flakestorm.replay.config import SourceFilter
    from flakestorm.replay.langsmith import LangSmith

    status, since, min_latency_ms = wanted
    with LangSmith(os.environ) as service:
        if run_id is not None:
            return [service.run(run_id)], service.secrets
        chosen = SourceFilter(status=status, date_range=since, min_latency_ms=min_latency_ms)
        return list(service.project(project or "", chosen, limit)), service.secrets


def _folder(output: list[str] | None) -> Path | None:
    if output is not None and len(output) > 1:
        raise UsageError("-o is given several times; fetched sessions are saved in one folder.")
    return Path(output[0]) if output else None


def _redactor(config: Path, secrets: frozenset[str]) -> Redactor:
    """What blots out the secrets of ``config`` as well, if there is such a file."""
    from flakestorm.core.replay_sources import redactor

    return redactor(secrets | (_loaded(config).secrets if config.exists() else frozenset()))


def _loaded(config: Path) -> FlakeStormConfig:
    from flakestorm.core.config import load_config

    return load_config(config)


def _save_or_show(
    found: list[Imported], folder: Path | None, redact: Redactor, force: bool, out: Console
) -> int:
    from flakestorm.core.replay_files import save
    from flakestorm.reports.visible import visible

    if folder is not None:
        saved = save(found, folder, redact, force)
        out.print(f"{len(saved.files)} sessions written to {folder}")
        if saved.kept:
            out.print(f"{len(saved.kept)} were there already and stay as they are (--force replaces them)")
        out.print(f"Replay them with: flakestorm replay run {folder}")
        return 0
    for session in found[:SHOWN]:
        tools = f", {len(session.answered)} tool answers" if session.answered else ""
        failed = f", went wrong: {visible(redact(session.failed_with), 80)}" if session.failed_with else ""
        out.print(f"{visible(session.id, 60)}{tools}{failed}")
        out.print(f"    {visible(redact(session.input), 100)}")
    if len(found) > SHOWN:
        out.print(f"… and {len(found) - SHOWN} more")
    out.print(f"{len(found)} sessions. -o FOLDER saves them, --run replays them.")
    return 0


@bounded
def export(
    from_report: Annotated[
        str,
        typer.Option("--from-report", metavar="FILE|RUN", help="A .json or .jsonl report, or a run's id."),
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FOLDER", help="Where the session files are written.")
    ],
    config: Annotated[
        Path | None,
        typer.Option(
            "--config", "-c", metavar="FILE", help="The run's configuration, if it is not where it was."
        ),
    ] = None,
    force: ForceOption = False,
    quiet: QuietOption = False,
) -> int:
    """Write each failed trial of a run as a session: prompt, tool answers, and the rules that it broke."""
    from flakestorm.cli.consoles import console
    from flakestorm.core.replay_export import export_failed
    from flakestorm.core.stored import stored_run
    from flakestorm.reports.visible import visible

    finished = stored_run(from_report)
    named = config or (Path(finished.info.config_path) if finished.info.config_path else DEFAULT_CONFIG)
    try:
        loaded = _loaded(named)
    except ConfigError as error:
        raise ConfigError(
            "The rules that the trials broke stand in the run's configuration, which cannot be read; name it "
            f"with -c.\n{error}"
        ) from None
    exported = export_failed(finished, loaded, output, force)
    out = console(quiet)
    for note in exported.notes:
        out.print(f"note: {visible(note, 300)}")
    if loaded.digest != finished.info.config_digest:
        out.print(
            f"note: {named} is not as it was when run {finished.info.id} was made; its rules are of now"
        )
    noun = "session" if len(exported.files) == 1 else "sessions"
    out.print(f"{len(exported.files)} {noun} written to {output}")
    if exported.files:
        out.print(f"Replay them with: flakestorm replay run {output}")
    return 0


class Origin(str, Enum):
    """What recorded the sessions to import."""

    LANGFUSE = "langfuse"
    OTEL = "otel"
    OPENAI = "openai"


@bounded
def import_(
    origin: Annotated[Origin, typer.Option("--from", help="What recorded the sessions.")],
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FOLDER", help="Where the session files are written.")
    ],
    file: Annotated[
        Path | None,
        typer.Argument(metavar="[FILE]", help="The export (.json, .jsonl); without it, Langfuse's API."),
    ] = None,
    limit: LimitOption = MOST,
    since: SinceOption = None,
    name: Annotated[
        str | None, typer.Option("--name", metavar="NAME", help="Langfuse's API: only traces of this name.")
    ] = None,
    force: ForceOption = False,
    quiet: QuietOption = False,
) -> int:
    """Make session files of recorded traffic: Langfuse, OpenTelemetry (OTLP JSON), OpenAI chat logs.

    Langfuse's API is asked with LANGFUSE_PUBLIC_KEY, LANGFUSE_SECRET_KEY and LANGFUSE_HOST.
    """
    from itertools import islice

    from flakestorm.cli.consoles import console
    from flakestorm.core.replay_sources import redactor

    secrets: frozenset[str] = frozenset()
    if file is None:
        found, secrets = _of_service(origin, limit, since, name)
    else:
        found = _in_file(origin, file)
    sessions = list(islice(found, limit))
    if not sessions:
        raise UsageError(f"{file or origin.value} has no session in it that could be replayed.")
    return _save_or_show(sessions, output, redactor(secrets), force, console(quiet))


def _of_service(
    origin: Origin, limit: int, since: str | None, name: str | None
) -> tuple[Iterator[Imported], frozenset[str]]:
    import os
    from datetime import datetime, timezone

    from flakestorm.replay.langfuse import Langfuse, filters_of
    from flakestorm.replay.langsmith import start_of

    if origin is not Origin.LANGFUSE:
        raise UsageError(f"--from {origin.value} reads a file: name the export that it wrote.")
    service = Langfuse(os.environ)
    start = start_of(since, datetime.now(timezone.utc))
    return service.traces(limit, filters_of(start, name)), service.secrets


def _in_file(origin: Origin, file: Path) -> Iterator[Imported]:
    from flakestorm.core.replay_files import documents
    from flakestorm.replay import langfuse, openai_log, otel

    readers = {
        Origin.LANGFUSE: langfuse.sessions_in,
        Origin.OTEL: otel.sessions_in,
        Origin.OPENAI: openai_log.sessions_in,
    }
    return readers[origin](documents(file))


def register(app: typer.Typer) -> None:
    """Add the group of commands to ``app``."""
    replay.command()(run)
    replay.command()(export)
    replay.command("import")(import_)
    app.add_typer(replay)
