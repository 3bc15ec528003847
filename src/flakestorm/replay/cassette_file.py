"""Cassettes as files: JSON lines, a head and one call in each, written whole or not at all."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

import orjson

from flakestorm.model.errors import UsageError, WorkError
from flakestorm.replay.recorded_call import Answered, Entry

FORMAT = "flakestorm_cassette"
VERSION = 1
MAKE_ANOTHER = "Record it with: flakestorm record -o {path}"


@dataclass(frozen=True, slots=True)
class Head:
    """The first line: when and by which version it was recorded, and which agent."""

    recorded_at: str
    made_by: str
    agent: str = ""


@dataclass(frozen=True, slots=True)
class CassetteFile:
    """What a file holds; ``digest`` is the file's."""

    head: Head
    entries: tuple[Entry, ...]
    digest: str


def read_cassette(path: Path, cut_off: bool = False) -> CassetteFile:
    """The cassette at ``path``; with ``cut_off`` it may have lines that are not whole, which are left out.

    Raises ``UsageError`` for what is none, with the line that is wrong.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise UsageError(f"there is no cassette {path}. {MAKE_ANOTHER.format(path=path)}") from None
    except IsADirectoryError:
        raise UsageError(f"{path} is a folder, and a cassette is a file such as {path}/agent.jsonl") from None
    except OSError as error:
        raise UsageError(f"the cassette {path} cannot be read: {error.strerror}") from None
    if not data.strip():
        raise UsageError(f"the cassette {path} is empty. {MAKE_ANOTHER.format(path=path)}")
    lines = data.split(b"\n")
    head = _head(path, lines[0])
    entries = []
    for number, line in enumerate(lines[1:], start=2):
        if not line.strip():
            continue
        try:
            entries.append(_entry(path, number, line))
        except UsageError:
            if not cut_off:
                raise
    return CassetteFile(head, tuple(entries), digest_of(data))


def write_cassette(path: Path, head: Head, entries: Iterable[Entry]) -> str:
    """Write the file in one step, and return its digest. Raises ``WorkError`` where that is impossible."""
    data = b"".join((head_line(head), *map(line_of, entries)))
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        beside.write_bytes(data)
        beside.replace(path)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise WorkError(f"the cassette {path} cannot be written: {error.strerror}") from None
    return digest_of(data)


def check_writable(path: Path) -> None:
    """Raise ``UsageError`` where no cassette can be written to ``path``: told before anything is spent."""
    if path.is_dir():
        raise UsageError(f"{path} is a folder; name a file in it, such as {path}/agent.jsonl")
    folder = path.parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = path.with_name(f".{path.name}.{os.getpid()}")
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise UsageError(f"no cassette can be written to {path}: {error.strerror}") from None


def digest_of(data: bytes) -> str:
    """The digest of a file's content."""
    return blake2b(data, digest_size=6).hexdigest()


def head_line(head: Head) -> bytes:
    """The first line of a cassette."""
    first = {
        FORMAT: VERSION,
        "recorded_at": head.recorded_at,
        "made_by": head.made_by,
        "agent": head.agent,
    }
    return orjson.dumps(first) + b"\n"


def line_of(entry: Entry) -> bytes:
    """The line of ``entry``."""
    answer = entry.answer
    line = {
        "key": entry.key,
        "trial": entry.trial,
        "occurrence": entry.occurrence,
        "request": json.loads(entry.request),
        "status": answer.status,
        "headers": answer.headers,
        "latency_ms": round(answer.latency_ms, 1),
        "ended": answer.ended,
        "chunks": [[round(at_ms, 1), _written(data)] for at_ms, data in answer.chunks],
    }
    text = json.dumps(line, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "backslashreplace") + b"\n"


def _head(path: Path, line: bytes) -> Head:
    try:
        found = json.loads(line)
        version = found[FORMAT]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise UsageError(
            f"{path} is no cassette: its first line is not the one that cassettes begin with "
            f'({{"{FORMAT}": {VERSION}, …}}). {MAKE_ANOTHER.format(path=path)}'
        ) from None
    if version != VERSION:
        raise UsageError(
            f"the cassette {path} has version {version!r}, and this flakestorm reads version {VERSION}. "
            f"Install a newer flakestorm, or record it anew: flakestorm record -o {path}"
        )
    return Head(*(str(found.get(name, "")) for name in ("recorded_at", "made_by", "agent")))


def _entry(path: Path, number: int, line: bytes) -> Entry:
    try:
        found = orjson.loads(line)
        headers = tuple((str(name), str(value)) for name, value in found["headers"])
        chunks = tuple((float(at_ms), _read(data)) for at_ms, data in found["chunks"])
        status, latency_ms = int(found["status"]), float(found["latency_ms"])
        answer = Answered(status, headers, chunks, latency_ms, str(found["ended"]))
        request = orjson.dumps(found["request"], option=orjson.OPT_SORT_KEYS).decode()
        if not 0 <= status <= 999:
            raise ValueError(f"the status {status} is none")
        return Entry(str(found["key"]), str(found["trial"]), int(found["occurrence"]), request, answer)
    except KeyError as error:
        why = f"it has no {error}"
    except (ValueError, TypeError) as error:
        why = str(error)
    raise UsageError(
        f"the cassette {path} is damaged in line {number}: {why}. If it was cut off, delete that line; "
        f"what is missing is then recorded by --cassette-mode new"
    )


def _written(data: bytes) -> Any:
    """Text as it is; other bytes, such as half a character, in base64."""
    try:
        return data.decode()
    except ValueError:
        return {"base64": base64.b64encode(data).decode()}


def _read(data: Any) -> bytes:
    if isinstance(data, str):
        return data.encode()
    return base64.b64decode(data["base64"], validate=True)
