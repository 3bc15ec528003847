"""JSON and JSON Lines reports: they fit their schema, come back as the same run, and fail with the place."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from flakestorm.model.errors import UsageError
from flakestorm.model.run import Run
from flakestorm.reports.formats import read_report
from flakestorm.reports.json_report import read_json_report, write_json
from flakestorm.reports.json_text import json_bytes
from flakestorm.reports.jsonl import read_jsonl_report, write_jsonl
from flakestorm.reports.schema import LATER, report_schema

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters()) | st.floats(allow_nan=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=8,
)


def written(write: Callable[[Run, BinaryIO], None], run: Run) -> bytes:
    """What ``write`` makes of ``run``."""
    out = io.BytesIO()
    write(run, out)
    return out.getvalue()


def finite(value: Any) -> Any:
    """``value`` with null for infinities."""
    if isinstance(value, float) and abs(value) == float("inf"):
        return None
    if isinstance(value, dict):
        return {key: finite(item) for key, item in value.items()}
    return [finite(item) for item in value] if isinstance(value, list) else value


@settings(max_examples=150, deadline=None)
@given(value=VALUES)
def test_any_value_survives_json(value: Any) -> None:
    """Every text (halves of surrogate pairs too) and every integer comes back; infinities become null."""
    assert json.loads(json_bytes(value)) == finite(value)


def test_infinite_beside_surrogate_is_null() -> None:
    """The slow way treats NaN and infinities as the fast way does, in tuples too."""
    assert json_bytes({"a": "\ud800", "b": (float("nan"), 1.5)}) == b'{"a":"\\ud800","b":[null,1.5]}'


@pytest.mark.parametrize("which", ["run", "hostile_run"])
def test_report_fits_its_schema(which: str, request: pytest.FixtureRequest) -> None:
    """Ordinary and hostile runs both validate against the published schema."""
    schema = report_schema()
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema).validate(json.loads(written(write_json, request.getfixturevalue(which))))


def test_schema_refuses_what_is_missing_or_misnamed(run: Run) -> None:
    """Each top-level key of the first reports is required, and a status that does not exist is refused."""
    validator = Draft202012Validator(report_schema())
    report = json.loads(written(write_json, run))
    for key in set(report) - set(LATER):
        assert not validator.is_valid({k: v for k, v in report.items() if k != key}), key
    report["trials"][0]["status"] = "fine"
    assert not validator.is_valid(report)


def test_report_has_the_names_that_others_rely_on(run: Run) -> None:
    """The keys of version 1 are where readers look for them, and the numbers agree with the run."""
    report = json.loads(written(write_json, run))
    assert report["schema"] == "flakestorm-report/1"
    assert report["flakestorm"] == "3.0.0"
    assert {"id", "status", "started_at", "seconds", "seed", "config_digest"} <= set(report["run"])
    assert set(report["scores"]) == {"robustness", "chaos_resilience", "contract", "replay", "overall"}
    assert set(report["scores"]["robustness"]) == {"value", "low", "high", "judged"}
    assert report["scores"]["replay"] is None
    assert report["totals"]["trials"] == len(report["trials"]) == 400
    assert {"type", "passed", "failed"} <= set(report["by_type"][0])
    assert set(report["findings"][0]) >= {"kind", "severity", "title", "detail", "trials"}
    trial = report["trials"][-1]
    assert {"type", "operator", "text", "seed"} <= set(trial["mutation"])
    assert {"id", "prompt", "scenario", "repeat", "status", "reply", "error", "latency_ms", "calls"} <= set(
        trial
    )
    assert set(trial["verdicts"][0]) >= {"invariant", "type", "severity", "implied", "status", "detail"}


@pytest.mark.parametrize("which", ["run", "hostile_run"])
@pytest.mark.parametrize("write", [write_json, write_jsonl], ids=["json", "jsonl"])
def test_run_comes_back(
    which: str, write: Callable[[Run, BinaryIO], None], request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """Reading what was written gives the same run and, again and again, the same records."""
    run = request.getfixturevalue(which)
    path = tmp_path / f"r.{write.__name__.removeprefix('write_')}"
    path.write_bytes(written(write, run))
    back = read_report(path)
    assert back == run
    assert list(back.records()) == list(run.records()) == list(back.records())
    assert written(write, back) == written(write, run)


def test_run_without_request_comes_back(run: Run, tmp_path: Path) -> None:
    """A run of an agent that is no URL has no request, and no latency when nothing replied."""
    bare = replace(run, info=replace(run.info, request=None), control_latency=None)
    path = tmp_path / "r.json"
    path.write_bytes(written(write_json, bare))
    assert read_json_report(path) == bare


def test_json_report_is_a_stream(run: Run) -> None:
    """Each record is written before the next one is asked for."""
    out = io.BytesIO()
    lengths = []

    def records() -> Any:
        for record in run.records():
            lengths.append(out.tell())
            yield record

    write_json(replace(run, records=records), out)
    assert lengths == sorted(set(lengths))


def test_jsonl_is_one_object_a_line(run: Run) -> None:
    """The first line is the run without trials; each further line is a trial."""
    lines = written(write_jsonl, run).splitlines()
    assert len(lines) == 401
    assert json.loads(lines[0])["run"]["id"] == run.info.id
    assert "trials" not in json.loads(lines[0])
    assert [json.loads(line)["id"] for line in lines[1:]] == [r.trial.id for r in run.records()]


HEAD = '{"schema":"flakestorm-report/1"'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "r.json:1:1: not a complete JSON report: the report breaks off here"),
        ('{"a":\n!}', "r.json:2:1: not a complete JSON report"),
        (HEAD + ',"trials":[\n{"id":', "r.json:2:7: not a complete JSON report: the report breaks off here"),
        ("[]", "this is no flakestorm report: it has no key 'schema' at the top"),
        ('{"schema":"flakestorm-report/2"}', "'schema' is 'flakestorm-report/2'; this flakestorm reads"),
        ('{"schema":"flakestorm-report/2"}', "Install the version of flakestorm that wrote it"),
        ('{"schema":7}', "Is it another tool's file?"),
        (HEAD + "}", "r.json: $: 'flakestorm' is a required property"),
    ],
)
def test_foreign_files_are_refused_with_the_place(text: str, message: str, tmp_path: Path) -> None:
    """Empty, broken, foreign, later and incomplete files each say what is wrong and where."""
    path = tmp_path / "r.json"
    path.write_text(text)
    with pytest.raises(UsageError) as caught:
        read_json_report(path)
    assert message in str(caught.value)


def test_missing_file_and_folder_are_refused(tmp_path: Path) -> None:
    """A path that cannot be read says so, with what could be given instead."""
    for path in (tmp_path / "none.json", tmp_path):
        with pytest.raises(UsageError, match=r"cannot be read.*run's id"):
            read_json_report(path)


def change(report: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """``report`` with keys replaced; a value of ... takes the key away."""
    return {k: v for k, v in {**report, **changes}.items() if v is not ...}


def test_report_without_trials_or_with_odd_parts_is_refused(run: Run, tmp_path: Path) -> None:
    """Missing trials, an unknown key inside a part, and a bad trial each name the place."""
    report = json.loads(written(write_json, run))
    path = tmp_path / "r.json"
    cases = {
        "no list of trials": change(report, trials=...),
        "does not fit its own format": change(report, totals={**report["totals"], "odd": 1}),
        "$.totals.failed": change(report, totals={**report["totals"], "failed": "many"}),
    }
    for message, document in cases.items():
        path.write_text(json.dumps(document))
        with pytest.raises(UsageError) as caught:
            read_json_report(path)
        assert message in str(caught.value)
    for place, trial in ((2, {"id": "x"}), (0, 7)):
        trials = [*report["trials"][:place], trial]
        path.write_text(json.dumps(change(report, trials=trials)))
        with pytest.raises(UsageError, match=rf"trials\[{place}\]: not a trial"):
            list(read_json_report(path).records())


def test_broken_jsonl_names_the_line(run: Run, tmp_path: Path) -> None:
    """A line cut in the middle is told by its number; an empty file is told apart."""
    path = tmp_path / "r.jsonl"
    lines = written(write_jsonl, run).splitlines()
    path.write_bytes(b"\n".join([*lines[:3], lines[3][:50]]))
    with pytest.raises(UsageError, match=r"r.jsonl:4:\d+: not a complete JSON report: the report breaks off"):
        list(read_jsonl_report(path).records())
    path.write_bytes(b"")
    with pytest.raises(UsageError, match="the file is empty"):
        read_jsonl_report(path)
