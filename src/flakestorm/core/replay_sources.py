"""Recorded sessions from services, as the configuration or the command line names them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from flakestorm.core.config import FlakeStormConfig
from flakestorm.core.replay_sessions import Session, as_session
from flakestorm.model.redaction import Redactor
from flakestorm.replay.config import ReplaySource, SessionFile
from flakestorm.replay.imported import Imported, Redact

MOST = 200
"""Sessions that are fetched of a project where nobody says how many."""
_TELLING = ("KEY", "TOKEN", "SECRET", "PASSWORD", "PASSWD", "CREDENTIAL")


def redactor(secrets: Iterable[str] = (), environment: Mapping[str, str] | None = None) -> Redactor:
    """What blots out ``secrets`` and the values of variables whose names say that they are some."""
    variables = os.environ if environment is None else environment
    told = {value for name, value in variables.items() if any(word in name.upper() for word in _TELLING)}
    return Redactor({*secrets, *told})


def fetched(
    source: ReplaySource, limit: int | None = MOST, environment: Mapping[str, str] | None = None
) -> Iterator[Imported]:
    """The sessions of ``source``. Raises as ``LangSmith``, and ``MissingExtra`` without its client."""
    from flakestorm.replay.langsmith import LangSmith

    with LangSmith(os.environ if environment is None else environment) as service:
        if source.type == "langsmith_run":
            yield service.run(source.run_id or "")
        else:
            yield from service.project(source.project or "", source.filter, limit)


def auto_imported(
    config: FlakeStormConfig, environment: Mapping[str, str] | None = None
) -> tuple[Session, ...]:
    """The sessions of all sources that are fetched anew on each run."""
    sources = config.replays.sources if config.replays else ()
    redact = redactor(config.secrets, environment)
    return tuple(
        in_memory(session, redact)
        for source in sources
        if source.auto_import
        for session in fetched(source, environment=environment)
    )


def in_memory(imported: Imported, redact: Redact) -> Session:
    """``imported`` as a session that is replayed without being saved."""
    entry = SessionFile.model_validate(imported.to_dict(redact))
    return as_session(entry, f"{imported.source} ({imported.id})", Path())
