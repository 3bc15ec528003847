"""Runs on disk: durable, foreign files refused, damaged ones explained, locked while they run."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from flakestorm.model.errors import StoreError, UsageError
from flakestorm.model.record import TrialRecord
from flakestorm.store.run_file import RunFile
from flakestorm.store.runs import RunFolder, exclusive
from flakestorm.store.writer import Writer

MakeRecord = Callable[..., TrialRecord]


async def stored(path: Path, records: list[TrialRecord]) -> list[str]:
    """Write ``records`` to a new run; returns the announced ids in order."""
    run = RunFile.create(path, {"hello": "world"})
    announced: list[str] = []
    writer = Writer(run, lambda batch: announced.extend(r.trial.id for r in batch))
    for record in records:
        writer.put(record)
    await writer.aclose()
    run.close()
    return announced


async def test_records_come_back_as_they_went_in(tmp_path: Path, make_record: MakeRecord) -> None:
    """All fields, in the order of finishing, hostile text included."""
    replies = ["plain", "nul \x00 in it", "<script>", "emoji 🙂", "\u2028", "x" * 100_000]
    records = [make_record(text=str(i), reply=reply) for i, reply in enumerate(replies)]
    records.append(make_record(text="e", status="errored"))
    announced = await stored(tmp_path / "r.db", records)
    run = RunFile.open(tmp_path / "r.db")
    assert list(run.records()) == records
    assert announced == [record.trial.id for record in records]
    assert run.counts() == {"passed": 6, "errored": 1}
    assert run.finished("errored") == {records[-1].trial.id}
    assert run.facts() == {"hello": "world"}
    assert run.seconds() > 0
    run.close()


async def test_lone_surrogates_do_not_stop_a_run(tmp_path: Path, make_record: MakeRecord) -> None:
    """They are not text; the store keeps a question mark for each."""
    await stored(tmp_path / "r.db", [make_record(reply="a\ud800b")])
    run = RunFile.open(tmp_path / "r.db")
    assert [record.outcome.reply for record in run.records()] == ["a?b"]
    run.close()


async def test_many_records_stream_in_pages(tmp_path: Path, make_record: MakeRecord) -> None:
    """More than a page comes back complete and in order."""
    records = [make_record(text=str(number)) for number in range(1203)]
    await stored(tmp_path / "r.db", records)
    run = RunFile.open(tmp_path / "r.db")
    assert [r.trial.id for r in run.records()] == [r.trial.id for r in records]
    run.close()


async def test_a_failed_write_reaches_whoever_waits(tmp_path: Path, make_record: MakeRecord) -> None:
    """Nothing is announced that is not on disk, and flushing raises."""
    run = RunFile.create(tmp_path / "r.db", {})
    announced: list[TrialRecord] = []
    writer = Writer(run, announced.extend)
    run.close()
    writer.put(make_record())
    with pytest.raises(StoreError):
        await writer.aclose()
    await asyncio.sleep(0)
    assert announced == []


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"this is not a database, it is text" * 50, "not a readable run"), (b"", "not a run of flakestorm")],
)
def test_files_that_are_not_runs_are_refused(tmp_path: Path, content: bytes, said: str) -> None:
    """Damaged and foreign files are told apart from ours."""
    path = tmp_path / "x.db"
    path.write_bytes(content)
    with pytest.raises(StoreError, match=said):
        RunFile.open(path)


def test_another_programs_database_is_refused(tmp_path: Path) -> None:
    """A SQLite file of somebody else is left alone."""
    path = tmp_path / "x.db"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE trials (id)")
    connection.commit()
    connection.close()
    with pytest.raises(StoreError, match="not a run of flakestorm"):
        RunFile.open(path)


def test_a_run_of_a_later_version_asks_for_an_upgrade(tmp_path: Path) -> None:
    """With the command that does it."""
    RunFile.create(tmp_path / "x.db", {}).close()
    connection = sqlite3.connect(tmp_path / "x.db")
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(StoreError, match="pip install --upgrade"):
        RunFile.open(tmp_path / "x.db")


async def test_a_damaged_record_says_which(tmp_path: Path, make_record: MakeRecord) -> None:
    """The file and the number of the trial."""
    await stored(tmp_path / "r.db", [make_record()])
    connection = sqlite3.connect(tmp_path / "r.db")
    connection.execute("UPDATE trials SET record = '{\"id\": 1}'")
    connection.commit()
    connection.close()
    run = RunFile.open(tmp_path / "r.db")
    with pytest.raises(StoreError, match="trial 1 cannot be read"):
        list(run.records())
    run.close()


def test_ids_sort_by_time(tmp_path: Path) -> None:
    """Within one second, too: else the latest of two short runs would be a matter of luck."""
    folder = RunFolder(tmp_path)
    ids = [folder.new_path().stem for _ in range(300)]
    assert ids == sorted(ids)
    assert len({id_[:15] for id_ in ids}) < 300
    assert len(set(ids)) > 1


def test_finding_runs(tmp_path: Path) -> None:
    """By id, by the beginning of one, the latest; otherwise an explanation."""
    folder = RunFolder(tmp_path)
    with pytest.raises(UsageError, match="no runs"):
        folder.find("latest")
    for name in ("20260101-000000-aaaa", "20260102-000000-bbbb"):
        RunFile.create(folder.runs / f"{name}.db", {}).close()
    assert folder.find("latest").stem.endswith("bbbb")
    assert folder.find("20260101").stem.endswith("aaaa")
    with pytest.raises(UsageError, match="several runs begin with"):
        folder.find("2026")
    with pytest.raises(UsageError, match="did you mean"):
        folder.find("20260102-000000-bbbx")


def test_a_file_where_the_folder_should_be(tmp_path: Path) -> None:
    """Is named, with the way out."""
    (tmp_path / ".flakestorm").write_text("")
    with pytest.raises(StoreError, match="FLAKESTORM_HOME"):
        RunFolder(tmp_path / ".flakestorm").new_path()


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    """A path below a file stands for every reason that the system gives."""
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="permissions"):
        RunFile.create(tmp_path / "file" / "runs" / "r.db", {})


def test_one_run_is_not_run_twice(tmp_path: Path) -> None:
    """The lock holds against another process, and goes with it."""
    path = tmp_path / "r.db"
    held = (
        "import sys; from pathlib import Path; from flakestorm.store.runs import exclusive\n"
        "with exclusive(Path(sys.argv[1])): print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", held, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"held\n"
        with pytest.raises(UsageError, match="another process"), exclusive(path):
            pass
        other.kill()
    with exclusive(path):
        assert path.with_suffix(".lock").exists()
