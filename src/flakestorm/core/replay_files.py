"""Session files that flakestorm writes, and the exports of other tools that it reads."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flakestorm.core.config_text import literal_yaml
from flakestorm.model.errors import UsageError, WorkError
from flakestorm.replay.foreign import Foreign
from flakestorm.replay.imported import Imported, Redact, file_stem

CONTRACTS = "contracts"
"""The folder of contracts beside session files: a folder of sessions has no other YAML files."""
LARGEST = 256_000_000
"""Bytes of an export that is one JSON value; JSON Lines are read line by line and may be longer."""
LINES = (".jsonl", ".ndjson")


@dataclass
class Saved:
    """``files`` were written, ``kept`` were there already and stay."""

    files: list[Path] = field(default_factory=list)
    kept: list[Path] = field(default_factory=list)


def save(sessions: Iterable[Imported], folder: Path, redact: Redact, force: bool = False) -> Saved:
    """Write each session to a file of its own below ``folder``. Raises ``WorkError``."""
    saved, taken = Saved(), dict[Path, int]()
    for session in sessions:
        data = session.to_dict(redact)
        path = folder / f"{file_stem(str(data['id']))}.yaml"
        number = taken[path] = taken.get(path, 0) + 1
        if number > 1:
            # Two ids that no file system could tell apart.
            path = path.with_stem(f"{path.stem}-{number}")
            data["id"] = f"{data['id']}-{number}"
        (saved.files if written(path, data, force) else saved.kept).append(path)
    return saved


def written(path: Path, content: dict[str, Any] | str, force: bool = False) -> bool:
    """Write ``content`` (YAML, or what becomes YAML); whether that was done. Raises ``WorkError``."""
    text = content if isinstance(content, str) else literal_yaml(content)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists() and not force:
            return False
        path.write_text(text, encoding="utf-8")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise WorkError(f"the session file {path} cannot be written: {reason}") from None
    return True


def documents(path: Path) -> Iterator[Foreign]:
    """The JSON values in an export: one, or one for each line. Raises ``UsageError``."""
    if path.is_dir():
        raise UsageError(f"{path} is a folder; give the file that was exported (.json or .jsonl).")
    try:
        if path.suffix.lower() in LINES:
            yield from _lines(path)
            return
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
    except OSError as error:
        raise UsageError(f"the export {path} cannot be read: {error.strerror or error}") from None
    if len(data) > LARGEST:
        raise UsageError(
            f"{path} has more than {LARGEST:,} bytes; export less at once, or as JSON Lines (.jsonl)."
        )
    if not data.strip():
        raise UsageError(f"{path} is empty; export the sessions again.")
    try:
        value = json.loads(data)
    except json.JSONDecodeError as error:
        if error.msg == "Extra data":  # JSON Lines under another name
            yield from _lines(path)
            return
        raise UsageError(f"{path}:{error.lineno}:{error.colno}: not JSON: {error.msg}.") from None
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path}: not JSON in UTF-8: {str(error)[:200]}.") from None
    yield Foreign(value, path.name)


def _lines(path: Path) -> Iterator[Foreign]:
    empty = True
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            empty = False
            try:
                value = json.loads(line)
            except (ValueError, RecursionError) as error:
                raise UsageError(f"{path}:{number}: not JSON: {str(error)[:200]}.") from None
            yield Foreign(value, f"{path.name}:{number}")
    if empty:
        raise UsageError(f"{path} is empty; export the sessions again.")
