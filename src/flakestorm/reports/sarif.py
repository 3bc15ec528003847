"""The SARIF report: what breaks the agent, where code scanning and editors show findings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path, PurePath
from typing import Any, BinaryIO
from urllib.parse import quote

from flakestorm.model.finding import Finding
from flakestorm.model.randomness import identifier
from flakestorm.model.run import Cause, Run, RunInfo
from flakestorm.model.verdict import Severity, VerdictStatus
from flakestorm.reports.hidden import plain
from flakestorm.reports.json_text import json_bytes
from flakestorm.reports.rerun import DEFAULT_FILE, rerun
from flakestorm.reports.visible import visible

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
LEVELS = {
    Severity.CRITICAL: "error",
    Severity.HIGH: "error",
    Severity.MEDIUM: "warning",
    Severity.LOW: "note",
}
SCORES = {Severity.CRITICAL: "9.5", Severity.HIGH: "8.0", Severity.MEDIUM: "5.0", Severity.LOW: "2.0"}
"""``security-severity``, by which code scanning orders results of the same level."""
EXAMPLE_WIDTH = 500

_LINK = re.compile(r"\]\s*\(")


def write_sarif(run: Run, out: BinaryIO) -> None:
    """Write ``run`` as SARIF 2.1.0: a result for each cause of failures and for each finding.

    Trials are not results: a cause says how many it has, and code scanning takes at most 25,000 results.
    """
    rules: dict[str, dict[str, Any]] = {}
    results = [*_of_causes(run, rules), *_of_findings(run, rules)]
    places = {rule_id: place for place, rule_id in enumerate(rules)}
    for result in results:
        result["ruleIndex"] = places[result["ruleId"]]
    driver = {
        "name": "flakestorm",
        "version": plain(run.info.version),
        "rules": list(rules.values()),
    }
    log = {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": driver},
                "automationDetails": {"id": f"flakestorm/{plain(run.info.id)}"},
                "invocations": [_invocation(run)],
                "columnKind": "unicodeCodePoints",
                "results": results,
                "properties": _properties(run),
            }
        ],
    }
    out.write(json_bytes(log) + b"\n")


def _of_causes(run: Run, rules: dict[str, dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for cause in run.causes:
        rule_id = f"invariant/{visible(cause.rule)}"
        text = f"The invariant '{cause.rule}' is broken, or no reply came, in trials of this run."
        rules.setdefault(rule_id, _rule(rule_id, text, cause.severity, implied=cause.implied))
        yield {
            **_result(run.info, rule_id, cause, _story(cause, rerun(run.info, cause.type))),
            "occurrenceCount": cause.count,
            "partialFingerprints": {"flakestormCause/v1": identifier(cause.rule, cause.type, cause.title)},
            "properties": {
                "type": plain(cause.type),
                "severity": cause.severity.value,
                "trials": [plain(trial) for trial in cause.trials],
            },
        }


def _of_findings(run: Run, rules: dict[str, dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for finding in run.findings:
        rule_id = f"finding/{visible(finding.kind)}"
        text = f"flakestorm noticed by itself: {finding.kind.replace('_', ' ')}."
        rules.setdefault(rule_id, _rule(rule_id, text, finding.severity))
        yield {
            **_result(run.info, rule_id, finding, _told(finding)),
            "occurrenceCount": max(1, finding.count),
            "partialFingerprints": {
                "flakestormFinding/v1": identifier(finding.kind, finding.scenario, finding.title)
            },
            "properties": {
                "scenario": plain(finding.scenario),
                "severity": finding.severity.value,
                "trials": [plain(trial) for trial in finding.trials],
            },
        }


def _rule(rule_id: str, text: str, severity: Severity, implied: bool = False) -> dict[str, Any]:
    tags = ["reliability", "ai-agent", *(["security"] if implied else [])]
    return {
        "id": rule_id,
        "name": rule_id.rpartition("/")[2],
        "shortDescription": {"text": _message(text)},
        "defaultConfiguration": {"level": LEVELS[severity]},
        "properties": {"tags": tags, "security-severity": SCORES[severity]},
    }


def _result(info: RunInfo, rule_id: str, found: Cause | Finding, story: str) -> dict[str, Any]:
    # A finding breaks no rule.
    line = info.line_of(found.rule) if isinstance(found, Cause) else 1
    location = {
        "physicalLocation": {
            "artifactLocation": {"uri": _uri(info.config_path)},
            "region": {"startLine": line},
        }
    }
    return {
        "ruleId": rule_id,
        "level": LEVELS[found.severity],
        "message": {"text": _message(story)},
        "locations": [location],
    }


def _story(cause: Cause, again: str) -> str:
    record = cause.minimal.record if cause.minimal else cause.example
    noun = "trial" if cause.count == 1 else "trials"
    lines = [f"{visible(cause.title, 400)} ({cause.count} {noun})"]
    lines.append(f"sent: {visible(record.trial.turns[-1], EXAMPLE_WIDTH)}")
    if record.outcome.error is not None:
        lines.append(f"error: {visible(record.outcome.error.message, EXAMPLE_WIDTH)}")
    elif record.outcome.reply is not None:
        lines.append(f"reply: {visible(record.outcome.reply, EXAMPLE_WIDTH)}")
    lines.extend(
        f"why: {visible(verdict.detail, EXAMPLE_WIDTH)}"
        for verdict in record.verdicts
        if verdict.invariant == cause.rule and verdict.status is VerdictStatus.FAILED and verdict.detail
    )
    lines.append(f"again: {again} --only trial:{record.trial.id}")
    return "\n".join(lines)


def _told(finding: Finding) -> str:
    return "\n".join(visible(text, 2 * EXAMPLE_WIDTH) for text in (finding.title, finding.detail) if text)


def _message(text: str) -> str:
    """``text`` with nothing in it that SARIF takes for a link or for the place of an argument."""
    shown = plain(text).replace("{", "{{").replace("}", "}}")
    return re.sub(r"([\\\[\]])", r"\\\1", shown) if _LINK.search(shown) else shown


def _uri(path: str) -> str:
    """The configuration file, relative if it can be: code scanning looks for it in the repository."""
    given = PurePath(path or DEFAULT_FILE)
    if given.is_absolute():
        here = Path.cwd()
        if not given.is_relative_to(here):
            return given.as_uri()
        given = given.relative_to(here)
    return quote(plain(given.as_posix()), safe="/")


def _invocation(run: Run) -> dict[str, Any]:
    info = run.info
    found: dict[str, Any] = {
        # The tool did its work also where the agent fell short.
        "executionSuccessful": run.assessment.exit_code in (0, 1, 4),
        "exitCode": run.assessment.exit_code,
        "commandLine": plain(rerun(info)),
        "toolExecutionNotifications": [
            {"level": "note", "message": {"text": _message(note)}} for note in info.notes
        ],
    }
    try:
        started = datetime.fromisoformat(info.started_at).astimezone(timezone.utc)
    except ValueError:
        return found
    ended = started + timedelta(seconds=info.seconds)
    return {**found, "startTimeUtc": _utc(started), "endTimeUtc": _utc(ended)}


def _utc(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _properties(run: Run) -> dict[str, Any]:
    overall = run.scores.overall
    return {
        "headline": plain(run.assessment.headline),
        "score": None if overall is None else overall.value,
        "trials": run.totals.trials,
        "failed": run.totals.failed,
        "errored": run.totals.errored,
        "seed": run.info.seed,
        "configDigest": plain(run.info.config_digest),
    }
