"""Answers on disk: the same question is paid for once, and a run can be repeated word for word."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from flakestorm.model.chat import Completion

FILE = "llm-cache.sqlite"

_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS answers (key TEXT PRIMARY KEY, text TEXT NOT NULL, tokens INTEGER NOT NULL)"
)


class AnswerCache:
    """Key ► answer in one SQLite file, which several runs may share. Keys are hashes: no question is kept.

    The file is made when it is first needed. One that cannot be used costs money and nothing else, so
    ``trouble`` says what is wrong with it, and every question counts as new.
    """

    def __init__(self, path: Path) -> None:
        self.trouble = ""
        self._path = path
        self._connection: sqlite3.Connection | None = None

    def get(self, key: str) -> Completion | None:
        """The answer that was put under ``key``; it costs no tokens any more."""
        row = self._execute("SELECT text FROM answers WHERE key = ?", (key,))
        return Completion(row[0]) if row else None

    def put(self, key: str, completion: Completion) -> None:
        """Keep an answer; the first one under a key stays."""
        self._execute(
            "INSERT OR IGNORE INTO answers VALUES (?, ?, ?)", (key, completion.text, completion.tokens)
        )

    def close(self) -> None:
        """Let go of the file."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _execute(self, statement: str, values: tuple[str | int, ...]) -> tuple[str] | None:
        if self.trouble:
            return None
        try:
            if self._connection is None:
                self._connection = self._open()
            row: tuple[str] | None = self._connection.execute(statement, values).fetchone()
        except (sqlite3.Error, OSError) as error:
            self.trouble = f"answers of the language model are not kept: {self._path}: {error}"
            return None
        return row

    def _open(self) -> sqlite3.Connection:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        # Autocommit: each answer is kept at once. A lost one costs one request, so no flush to the disk.
        connection = sqlite3.connect(self._path, timeout=10, isolation_level=None)
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute(_SCHEMA)
        except sqlite3.Error:
            connection.close()
            raise
        return connection
