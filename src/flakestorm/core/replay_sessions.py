"""Recorded sessions from wherever they are: the configuration, session files, folders of such files."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from flakestorm.core.config import FlakeStormConfig
from flakestorm.core.config_errors import Problem, config_error
from flakestorm.core.validation_messages import problems_of, show
from flakestorm.core.yaml_source import YamlSource, parse_yaml
from flakestorm.model.errors import ConfigError, UsageError
from flakestorm.model.nearest import did_you_mean
from flakestorm.replay.config import (
    SESSION_VERSION,
    ReplaySession,
    SessionFile,
    SessionsFile,
    ToolResponse,
)

LARGEST = 20_000_000
"""Bytes of a session file; a conversation has far less, whatever its tools returned."""
ENDINGS = (".yaml", ".yml", ".json")
DEEPEST = 20
"""Session files that name session files; nobody who does so on purpose comes near it."""
SHAPE = "a session file is a mapping with id and input, or one with a list of sessions"

_PAIR = re.compile(r"(?<!\\)((?:\\\\)*)\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})")
_HALF = re.compile(r"(?<!\\)((?:\\\\)*)\\u[dD][89a-fA-F][0-9a-fA-F]{2}")


@dataclass(frozen=True)
class Session:
    """A session as it is replayed. ``turns`` are what the user said, the input last.

    ``origin`` says where it was found; relative paths in it start at ``folder``.
    """

    id: str
    turns: tuple[str, ...]
    name: str = ""
    source: str = ""
    captured_at: str = ""
    expected_failure: str = ""
    tool_responses: tuple[ToolResponse, ...] = ()
    contract: str | None = None
    origin: str = ""
    folder: Path = Path()


def load_sessions(config: FlakeStormConfig, path: Path | None = None) -> tuple[Session, ...]:
    """The sessions of ``config``, or those of the session file or folder ``path``.

    Raises ``ConfigError`` for files that cannot be understood, and ``UsageError`` where there is no session
    or two have the same id.
    """
    if path is not None:
        found = list(_at(path))
    else:
        written = config.replays.sessions if config.replays else ()
        place = str(config.source_path or "flakestorm.yaml")
        found = [
            session
            for index, entry in enumerate(written)
            for session in _resolved(entry, f"{place}: replays.sessions[{index}]", config.directory, ())
        ]
    if not found:
        raise UsageError(
            f"{path or config.source_path or 'the configuration'} has no recorded sessions. Write them under "
            "replays.sessions, or name a session file: flakestorm replay run session.yaml (docs/replay.md)"
        )
    first: dict[str, Session] = {}
    for session in found:
        other = first.setdefault(session.id, session)
        if other is not session:
            raise UsageError(
                f"two sessions have the id '{session.id}': {other.origin} and {session.origin}. Give one of "
                "them another id."
            )
    return tuple(found)


def _at(path: Path) -> Iterator[Session]:
    if not path.is_dir():
        yield from _of_file(path, (), "")
        return
    files = sorted(file for file in path.iterdir() if file.suffix in ENDINGS and file.is_file())
    if not files:
        raise UsageError(
            f"the folder {path} has no session files ({', '.join(ENDINGS)}). `flakestorm replay export` "
            "writes some of a run's failed trials, `flakestorm replay import` of recorded traffic."
        )
    for file in files:
        yield from _of_file(file, (), "")


def _of_file(path: Path, above: tuple[Path, ...], named_in: str) -> Iterator[Session]:
    """The sessions of one file, which the files ``above`` lead to; ``named_in`` says where it is named."""
    real = path.resolve()
    if real in above:
        circle = " → ".join(step.name for step in (*above[above.index(real) :], real))
        raise ConfigError(f"{named_in}: session files name each other in a circle: {circle}. Remove one.")
    if len(above) >= DEEPEST:
        raise ConfigError(f"{named_in}: session files lead on to session files more than {DEEPEST} deep.")
    for index, entry in enumerate(read_session_file(path, named_in)):
        where = f"{path}: sessions[{index}]" if entry.file is not None else str(path)
        yield from _resolved(entry, where, path.parent, (*above, real))


def _resolved(entry: ReplaySession, where: str, folder: Path, above: tuple[Path, ...]) -> Iterator[Session]:
    if entry.file is None:
        yield as_session(entry, where, folder)
        return
    inside = list(_of_file(folder / entry.file, above, where))
    # What is said where a file is named counts more than what is said in it.
    said: dict[str, Any] = {
        key: getattr(entry, key) or ""
        for key in ("id", "name", "source", "captured_at", "expected_failure")
        if key in entry.model_fields_set
    }
    if "id" in said and len(inside) > 1:
        raise ConfigError(
            f"{where}: the id '{entry.id}' cannot be that of the {len(inside)} sessions in {entry.file}. "
            "Remove id."
        )
    for session in inside:
        changed = {**vars(session), **said}
        if entry.contract is not None:
            changed |= {"contract": entry.contract, "folder": folder}
        yield Session(**changed)


def read_session_file(path: Path, named_in: str = "") -> tuple[ReplaySession, ...]:
    """The entries of one session file, YAML or JSON. Raises ``ConfigError``.

    No ``${VARIABLE}`` is replaced in it: what was recorded is not to be trusted with the environment.
    """
    before = f"{named_in}: " if named_in else ""
    text = _text_of(path, before)
    if path.suffix == ".json":
        text = _as_yaml(text, path)
    if not text.strip():
        raise ConfigError(f"{before}{path} is empty; {SHAPE}.")
    source = parse_yaml(text, str(path))
    if source.problems:
        raise config_error(source.name, source.lines, source.problems)
    value = source.value
    if not isinstance(value, dict):
        raise _refusal(source, f"this is {show(value)}; {SHAPE}")
    _check_version(source, value)
    model = SessionsFile if "sessions" in value else SessionFile
    data = {**value, "version": SESSION_VERSION}
    try:
        found = model.model_validate(data)
    except ValidationError as error:
        problems, untold = problems_of(error, model, source, data)
        raise config_error(source.name, source.lines, problems, untold) from None
    return found.sessions if isinstance(found, SessionsFile) else (found,)


def _text_of(path: Path, before: str) -> str:
    try:
        if path.is_dir():
            raise ConfigError(f"{before}{path} is a folder, not a session file ({', '.join(ENDINGS)}).")
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
    except FileNotFoundError:
        near = did_you_mean(path.name, _files_beside(path))
        raise ConfigError(f"{before}the session file {path} does not exist{near or '.'}") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ConfigError(f"{before}the session file {str(path)!r} cannot be read: {reason}") from None
    if len(data) > LARGEST:
        raise ConfigError(
            f"{before}{path} has more than {LARGEST:,} bytes, so it is hardly one session. Split it: a file "
            "may name others (sessions: [{file: one.yaml}, …])."
        )
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ConfigError(
            f"{before}{path}:{line}: not UTF-8 (byte 0x{data[error.start]:02x}); a session file is YAML or "
            "JSON in UTF-8."
        ) from None


def _files_beside(path: Path) -> list[str]:
    try:
        return sorted(file.name for file in path.parent.iterdir() if file.suffix in ENDINGS)
    except OSError:
        return []


def _as_yaml(text: str, path: Path) -> str:
    """JSON that a YAML reader understands as well: YAML knows no escaped halves of characters."""
    if text.strip():
        try:
            json.loads(text)
        except (ValueError, RecursionError) as error:
            line, column = getattr(error, "lineno", 1), getattr(error, "colno", 1)
            reason = getattr(error, "msg", "nested too deeply")
            raise ConfigError(f"{path}:{line}:{column}: not JSON: {reason}.") from None
    return _HALF.sub(r"\1\\ufffd", _PAIR.sub(_whole, text))


def _whole(match: re.Match[str]) -> str:
    high, low = int(match[2], 16), int(match[3], 16)
    return match[1] + chr(0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00))


def _check_version(source: YamlSource, value: Mapping[str, Any]) -> None:
    version = value.get("version", SESSION_VERSION)
    if version not in (SESSION_VERSION, 1, 1.0):
        message = (
            f"{show(version)} is not a version that this flakestorm reads ('{SESSION_VERSION}'). Was the "
            "file written by a later one? Install that."
        )
        raise _refusal(source, message, "version")


def _refusal(source: YamlSource, message: str, key: str = "") -> ConfigError:
    path, place = source.locate((key,) if key else ())
    return config_error(source.name, source.lines, [Problem(message, path, place)])


def as_session(entry: ReplaySession, where: str, folder: Path) -> Session:
    """The session that ``entry`` describes; ``where`` says where that is."""
    # Both are there: the section refuses an entry without a file that lacks one of them.
    return Session(
        id=entry.id or "",
        turns=(*_earlier(entry.context, f"{where}: context"), entry.input or ""),
        name=entry.name,
        source=entry.source,
        captured_at=entry.captured_at or "",
        expected_failure=entry.expected_failure or "",
        tool_responses=entry.tool_responses,
        contract=entry.contract,
        origin=where,
        folder=folder,
    )


def _earlier(context: Any, where: str) -> Iterator[str]:
    """What the user said before: the agent gives its own replies anew, and has its own system prompt."""
    if isinstance(context, Mapping):
        context = context.get("messages", ())
    for index, message in enumerate((context,) if isinstance(context, str) else context or ()):
        if isinstance(message, str):
            yield message
        elif not isinstance(message, Mapping) or not isinstance(message.get("content"), str):
            raise ConfigError(
                f"{where}[{index}]: {show(message)} is no message. Accepted: text, or a mapping with role "
                "and content (text)."
            )
        elif message.get("role", "user") in ("user", "human"):
            yield message["content"]
