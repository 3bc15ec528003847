"""One SQLite file per run: opening it, and telling a foreign or damaged one from ours."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flakestorm.model.errors import StoreError

APPLICATION_ID = 0x464C4B53
"""'FLKS' in the file's header: this is a run of flakestorm."""
VERSION = 1

_SCHEMA = f"""
BEGIN;
PRAGMA application_id = {APPLICATION_ID};
PRAGMA user_version = {VERSION};
CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE trials (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL,
    control INTEGER NOT NULL,
    status TEXT NOT NULL,
    type TEXT NOT NULL,
    at REAL NOT NULL,
    record BLOB NOT NULL
);
COMMIT;
"""
"""In one transaction, because each waits for the disk.

There is no index: nothing looks for single trials while a run goes on, and an index of random ids, most of
which is written anew with each commit, is a third of what is written.
"""


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turn SQLite's and the file system's errors into ``StoreError`` with what to do."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        raise StoreError(f"{path}: {_explain(error)}") from error
    except OSError as error:
        raise StoreError(
            f"{path}: {error.strerror or error}. Check its permissions and the free space."
        ) from error


def _explain(error: sqlite3.Error) -> str:
    text = str(error)
    if "full" in text or "disk I/O" in text:
        # A quota, or a limit on the size of files, shows as an I/O error.
        what = (
            "the disk is full" if "full" in text else f"{text}: the disk is full, over its quota, or broken"
        )
        return f"{what}. What was finished is kept; free some space and use `flakestorm run --resume`."
    if "not a database" in text or "malformed" in text:
        return f"this is not a readable run ({text}). Move it away; other runs are not affected."
    if "readonly" in text or "unable to open" in text:
        return f"{text}. Check the permissions of the file and of its folder."
    return f"{text}."


def create(path: Path) -> sqlite3.Connection:
    """A new run file. Raises ``StoreError`` when it exists or cannot be written."""
    with translated(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.open("xb").close()
        try:
            connection = _connect(path)
            connection.executescript(_SCHEMA)
        except BaseException:
            discard(path)
            raise
    return connection


def discard(path: Path) -> None:
    """Remove a run in which nothing was stored: it would be taken for the latest, and cannot be read."""
    for ending in ("", "-wal", "-shm", "-journal"):
        path.with_name(path.name + ending).unlink(missing_ok=True)


def open_existing(path: Path) -> sqlite3.Connection:
    """The run at ``path``. Raises ``StoreError`` when it is missing, foreign, damaged or too new."""
    if not path.is_file():
        raise StoreError(f"{path}: there is no such run. `flakestorm runs` lists those that there are.")
    with translated(path):
        connection = _connect_somehow(path)
        try:
            _verify(connection, path)
        except BaseException:
            connection.close()
            raise
    return connection


def _connect_somehow(path: Path) -> sqlite3.Connection:
    try:
        return _connect(path)
    except sqlite3.OperationalError:
        log = path.with_name(path.name + "-wal")
        # The attempt itself may have left an empty one.
        if log.exists() and log.stat().st_size:
            raise
    # A full disk, or a folder that cannot be written, is no reason not to show a run that is over.
    return sqlite3.connect(f"{path.absolute().as_uri()}?immutable=1", uri=True, check_same_thread=False)


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=10, check_same_thread=False)
    try:
        # FULL: a commit survives a power cut, and the writer groups commits so that it costs little.
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
    except BaseException:
        connection.close()
        raise
    return connection


def _verify(connection: sqlite3.Connection, path: Path) -> None:
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if application != APPLICATION_ID:
        raise StoreError(f"{path}: this is a SQLite file, but not a run of flakestorm. Move it away.")
    if version > VERSION:
        raise StoreError(
            f"{path}: this run was stored by a later flakestorm (format {version}, this one reads up to "
            f"{VERSION}). Upgrade with: pip install --upgrade flakestorm"
        )
