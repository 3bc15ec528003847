"""A stored run: its facts and its records, written durably and read as a stream."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import orjson

from flakestorm.model.errors import StoreError
from flakestorm.model.record import TrialRecord
from flakestorm.store.database import create, discard, open_existing, translated

Row = tuple[str, bool, str, str, float, bytes]
"""Id, whether it is of the control arm, status, mutation type, seconds since the start, record as JSON."""

_INSERT = """
INSERT INTO trials (id, control, status, type, at, record)
SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]'), json_extract(value, '$[2]'),
       json_extract(value, '$[3]'), json_extract(value, '$[4]'),
       substr(?2, json_extract(value, '$[5]'), json_extract(value, '$[6]'))
FROM json_each(?1)
"""
"""?1 is a JSON array of rows with each record's place (from 1) and length in ?2, which has them all."""

PAGE = 500
"""Records read at once while streaming."""


def json_bytes(value: Any) -> bytes:
    """``value`` as JSON. A Python agent can return lone surrogates, which are not text: they become "?"."""
    try:
        return orjson.dumps(value)
    except TypeError:
        return json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")


class RunFile:
    """One run on disk. Any thread may use it; calls must not overlap, except in different processes."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path = path
        self._connection = connection

    @classmethod
    def create(cls, path: Path, facts: dict[str, Any]) -> RunFile:
        """A new run with its first facts."""
        run = cls(path, create(path))
        try:
            run.set_facts(facts)
        except BaseException:
            run.close()
            discard(path)
            raise
        return run

    @classmethod
    def open(cls, path: Path) -> RunFile:
        """A run that exists."""
        return cls(path, open_existing(path))

    @property
    def id(self) -> str:
        """The run's id: the name of its file."""
        return self.path.stem

    def facts(self) -> dict[str, Any]:
        """Everything that ``set_facts`` stored."""
        with translated(self.path):
            rows = self._connection.execute("SELECT name, value FROM facts").fetchall()
        return {name: orjson.loads(value) for name, value in rows}

    def set_facts(self, facts: dict[str, Any]) -> None:
        """Store facts by name, replacing those of the same name; durable on return."""
        rows = [(name, json_bytes(value).decode()) for name, value in facts.items()]
        with translated(self.path), self._connection:
            self._connection.executemany("INSERT OR REPLACE INTO facts VALUES (?, ?)", rows)

    def append(self, rows: Sequence[Row]) -> None:
        """Store ``rows``, each of whose ids is a new one; durable on return.

        One statement stores them all, however many they are: Python's sqlite3 gives up the interpreter for
        each statement, and a writer that asks for it back hundreds of times holds up the event loop.
        """
        places = []
        begin = 1
        for *columns, record in rows:
            places.append((*columns, begin, len(record)))
            begin += len(record)
        records = b"".join([row[-1] for row in rows])
        with translated(self.path), self._connection:
            self._connection.execute(_INSERT, (json_bytes(places).decode(), records))

    def finished(self, where: str = "") -> set[str]:
        """The ids of all stored trials, or of those with status ``where``."""
        with translated(self.path):
            rows = self._connection.execute("SELECT id, status FROM trials")
            return {id_ for id_, status in rows if status == where or not where}

    def endings(self) -> list[tuple[str, str]]:
        """Id and status of every stored trial."""
        with translated(self.path):
            return self._connection.execute("SELECT id, status FROM trials").fetchall()

    def matching(self, prefix: str) -> Iterator[TrialRecord]:
        """The records of trials whose id begins with ``prefix``."""
        with translated(self.path):
            rows = self._connection.execute(
                "SELECT seq, record FROM trials WHERE substr(id, 1, ?) = ?", (len(prefix), prefix)
            ).fetchall()
        for seq, blob in rows:
            yield self._decode(seq, blob)

    def seconds(self) -> float:
        """When the last trial was stored, in seconds since the run began (pauses not counted)."""
        with translated(self.path):
            (value,) = self._connection.execute("SELECT max(at) FROM trials").fetchone()
        return float(value or 0.0)

    def counts(self) -> dict[str, int]:
        """How many trials ended in each status."""
        with translated(self.path):
            return dict(self._connection.execute("SELECT status, count(*) FROM trials GROUP BY status"))

    def records(self) -> Iterator[TrialRecord]:
        """Every record in the order of finishing; reads a page at a time, so memory stays flat."""
        for seq, blob in self._rows():
            yield self._decode(seq, blob)

    def documents(self) -> Iterator[dict[str, Any]]:
        """The same in their public JSON form: making records of them takes longer than reading them."""
        for seq, blob in self._rows():
            try:
                yield orjson.loads(blob)
            except ValueError as error:
                raise self._unreadable(seq, error) from error

    def _rows(self) -> Iterator[tuple[int, bytes]]:
        last = -1
        while True:
            with translated(self.path):
                rows = self._connection.execute(
                    "SELECT seq, record FROM trials WHERE seq > ? ORDER BY seq LIMIT ?", (last, PAGE)
                ).fetchall()
            if not rows:
                return
            yield from rows
            last = rows[-1][0]

    def _decode(self, seq: int, blob: bytes) -> TrialRecord:
        try:
            return TrialRecord.from_dict(orjson.loads(blob))
        except (KeyError, TypeError, ValueError) as error:
            raise self._unreadable(seq, error) from error

    def _unreadable(self, seq: int, error: Exception) -> StoreError:
        return StoreError(f"{self.path}: trial {seq} cannot be read ({error!r}). Delete this run.")

    @staticmethod
    def reopened(path: Path) -> Callable[[], Iterator[TrialRecord]]:
        """A function that streams the records of the run at ``path``, opening it for each stream."""

        def records() -> Iterator[TrialRecord]:
            run = RunFile.open(path)
            try:
                yield from run.records()
            finally:
                run.close()

        return records

    @staticmethod
    def reopened_documents(path: Path) -> Callable[[], Iterator[dict[str, Any]]]:
        """The same for ``documents``."""

        def documents() -> Iterator[dict[str, Any]]:
            run = RunFile.open(path)
            try:
                yield from run.documents()
            finally:
                run.close()

        return documents

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()
