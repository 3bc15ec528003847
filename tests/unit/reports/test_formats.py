"""Formats by name and by file ending; files that appear whole or not at all."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

import pytest

from flakestorm.model.errors import PluginError, UsageError, WorkError
from flakestorm.model.run import Run
from flakestorm.reports.formats import Format, default_path, format_of, formats, read_report, write_report


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ("html", ("html", None)),
        ("json", ("json", None)),
        ("jsonl", ("jsonl", None)),
        ("terminal", ("terminal", None)),
        ("out/run.json", ("json", Path("out/run.json"))),
        ("RUN.HTML", ("html", Path("RUN.HTML"))),
        ("a.json.jsonl", ("jsonl", Path("a.json.jsonl"))),
        ("out/run.junit.xml", ("junit", Path("out/run.junit.xml"))),
        ("run.sarif", ("sarif", Path("run.sarif"))),
        ("summary.md", ("markdown", Path("summary.md"))),
        ("csv", ("csv", None)),
        ("./html.json", ("json", Path("html.json"))),
    ],
)
def test_name_or_ending_tells_the_format(spec: str, expected: tuple[str, Path | None]) -> None:
    """``-o`` takes a name or a file."""
    assert format_of(spec) == expected


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("htm", "-o htm: no report format has this name or file ending, did you mean 'html'?"),
        ("run.jsn", "did you mean '.json'?"),
        ("reports", "Names: terminal, html, json, jsonl, junit, sarif, markdown, csv."),
        ("reports", "Endings: .html .json .jsonl .junit.xml .sarif .md .csv."),
        (".json", "-o .json"),
    ],
)
def test_unknown_format_names_the_nearest(spec: str, message: str) -> None:
    """An unknown name or ending lists what there is."""
    with pytest.raises(UsageError) as caught:
        format_of(spec)
    assert message in str(caught.value)


def test_default_path_fills_the_template(run: Run) -> None:
    """Id, date and time are filled in; the ending is added once; braces in values are left alone."""
    path = default_path(run.info, Path("reports"), "flakestorm-{run_id}-{date}-{time}", "json")
    assert path == Path("reports/flakestorm-20250131-2359-a1b2c3-2025-01-31-235901.json")
    assert default_path(run.info, Path(), "r.html", "html") == Path("r.html")


@pytest.mark.parametrize("name", ["html", "json", "jsonl", "junit", "sarif", "csv"])
def test_report_is_written_into_a_new_folder(run: Run, tmp_path: Path, name: str) -> None:
    """The folder is made, the file is complete and readable by others, and nothing else is left behind."""
    target = tmp_path / "new" / f"r.{name}"
    write_report(run, target, name)
    assert target.stat().st_size > 5_000
    assert target.stat().st_mode & 0o400
    assert [file.name for file in target.parent.iterdir()] == [target.name]


def test_failed_writing_leaves_the_old_file(run: Run, tmp_path: Path) -> None:
    """When the disk is full, the report of yesterday is still there, and no part of today's."""

    def full(run: Run, out: BinaryIO) -> None:
        out.write(b"half")
        raise OSError(28, "No space left on device")

    formats.add("full", Format(".full", full), "this test")
    target = tmp_path / "r.full"
    target.write_text("yesterday")
    with pytest.raises(WorkError) as caught:
        write_report(run, target, "full")
    assert "No space left on device" in str(caught.value)
    assert f"flakestorm report {run.info.id} -o OTHER.full" in str(caught.value)
    assert target.read_text() == "yesterday"
    assert list(tmp_path.iterdir()) == [target]


def test_impossible_places_are_told(run: Run, tmp_path: Path) -> None:
    """A folder in the way and a file for a parent are errors of the work, with the path."""
    (tmp_path / "file").write_text("")
    (tmp_path / "folder.json").mkdir()
    for target in (tmp_path / "file" / "r.json", tmp_path / "folder.json"):
        with pytest.raises(WorkError, match="could not be written to"):
            write_report(run, target, "json")


def test_unknown_format_cannot_be_written(run: Run, tmp_path: Path) -> None:
    """The terminal is no file."""
    with pytest.raises(UsageError, match="unknown report format 'terminal'"):
        write_report(run, tmp_path / "r", "terminal")


def test_plugin_without_ending_is_refused() -> None:
    """An ending begins with a dot."""
    with pytest.raises(PluginError, match=r"must begin with '\.'"):
        formats.add("odd", Format("odd", lambda run, out: None), "this test")


def test_only_json_can_be_read_back(tmp_path: Path) -> None:
    """An HTML report is for people."""
    with pytest.raises(UsageError, match=r"only \.json and \.jsonl reports can be read back"):
        read_report(tmp_path / "r.html")
