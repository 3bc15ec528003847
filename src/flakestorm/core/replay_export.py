"""Failed trials as sessions: what was asked, what tools answered, and the rules that the agent broke."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flakestorm.core.config import FlakeStormConfig
from flakestorm.core.replay_files import CONTRACTS, written
from flakestorm.invariants.config import Rule
from flakestorm.invariants.judge import named_rules
from flakestorm.model.outcome import KEPT_CHARACTERS, Call
from flakestorm.model.randomness import identifier
from flakestorm.model.record import TrialRecord, TrialStatus
from flakestorm.model.run import Run
from flakestorm.model.trial import NO_CHAOS
from flakestorm.model.verdict import Verdict, VerdictStatus
from flakestorm.replay.imported import Answered, clean, clean_text, file_stem

SOURCE = "flakestorm"
REPLY_KEPT = 300
_SITUATION = ("when", "on", "probes")
"""Keys of a rule that say for which trials it is; a session's rules are for the session."""


@dataclass
class Exported:
    """What was written: ``files`` are the sessions' paths, ``notes`` sentences about what they lack."""

    files: list[Path] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def export_failed(run: Run, config: FlakeStormConfig | None, folder: Path, force: bool = False) -> Exported:
    """Write each failed trial of ``run`` below ``folder`` as a session that runs as it is.

    ``config`` is that of the run, for what its rules say; without it sessions have no contract. Files that
    are there already stay, unless ``force``. Raises ``WorkError`` where nothing can be written.
    """
    exported = Exported()
    rules = {} if config is None else _rules_of(config)
    baselines = _baselines(run)
    for record in run.records():
        if record.status is not TrialStatus.FAILED:
            continue
        if record.trial.mutation is not None and record.trial.mutation.attack is not None:
            exported.notes.append(
                f"trial {record.trial.id} is an attack on the protocol: no prompt to replay"
            )
            continue
        data = _session(record, run, exported)
        contract = None
        if config is not None:
            baseline = baselines.get(record.trial.prompt.id)
            contract = _contract(record, rules, baseline, exported)
        if contract is not None and config is not None:
            data["contract"] = f"{CONTRACTS}/{contract['name']}.yaml"
            path = folder / data["contract"]
            # Its name says what is in it, so that one that is there is the same.
            written(path, config.yaml_of(contract), force=True)
        path = folder / f"{file_stem(data['id'])}.yaml"
        if written(path, data, force):
            exported.files.append(path)
        else:
            exported.notes.append(f"{path} is there already and stays as it is (--force replaces it)")
    return exported


def _session(record: TrialRecord, run: Run, exported: Exported) -> dict[str, Any]:
    trial = record.trial
    *earlier, text = trial.turns
    data: dict[str, Any] = {
        "version": "1.0",
        "id": f"trial-{trial.id}",
        "name": clean_text(_name(record)),
        "source": SOURCE,
        "captured_at": run.info.started_at,
        "input": clean_text(text),
    }
    if earlier:
        data["context"] = [{"role": "user", "content": clean_text(turn)} for turn in earlier]
    answers = list(_answers(record, exported))
    if answers:
        data["tool_responses"] = answers
    data["expected_failure"] = clean_text(_failure(record))
    return data


def _name(record: TrialRecord) -> str:
    trial = record.trial
    what = trial.mutation.type if trial.mutation else trial.scenario
    label = trial.prompt.name or " ".join(trial.prompt.text.split())[:60]
    return f"{label} ({'undisturbed' if what == NO_CHAOS else what})"


def _failure(record: TrialRecord) -> str:
    broken = "; ".join(f"{v.invariant}: {v.detail or 'broken'}" for v in _broken(record))
    reply = record.outcome.reply
    said = "" if reply is None else f". It replied: {reply[:REPLY_KEPT]}"
    if record.outcome.error is not None and record.outcome.error.message not in broken:
        said = f". {record.outcome.error.message}"
    return broken + said


def _broken(record: TrialRecord) -> list[Verdict]:
    return [verdict for verdict in record.verdicts if verdict.status is VerdictStatus.FAILED]


def _answers(record: TrialRecord, exported: Exported) -> Iterator[dict[str, Any]]:
    for call in record.outcome.calls:
        if call.kind != "tool":
            continue
        if len(call.received) >= KEPT_CHARACTERS:
            exported.notes.append(
                f"trial {record.trial.id}: of an answer of {call.name} only the first {KEPT_CHARACTERS:,} "
                "characters were kept; complete it in the session's file"
            )
        yield _answered(call).to_dict(clean_text)


def _answered(call: Call) -> Answered:
    if call.status is None and call.ended:
        return Answered(call.name, None, 0, call.duration_ms)
    good = call.status is None or call.status == 200
    return Answered(call.name, _value(call.received), None if good else call.status, call.duration_ms)


def _value(text: str) -> Any:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return value if isinstance(value, dict | list) else text


def _rules_of(config: FlakeStormConfig) -> dict[str, Rule]:
    contract = config.contract.invariants if config.contract else ()
    return {rule.id or rule.type: rule for rule in (*named_rules(contract), *named_rules(config.invariants))}


def _baselines(run: Run) -> dict[str, str]:
    """Golden prompt id → its first good undisturbed reply, which rules compare with."""
    found: dict[str, str] = {}
    for record in run.records():
        reply = record.outcome.reply
        if record.trial.is_control and reply and record.status is TrialStatus.PASSED:
            found.setdefault(record.trial.prompt.id, reply)
    return found


def _contract(
    record: TrialRecord, rules: Mapping[str, Rule], baseline: str | None, exported: Exported
) -> dict[str, Any] | None:
    """The rules that the trial broke, as a contract; None where none of them is known."""
    said = []
    for verdict in _broken(record):
        rule = _implied(verdict, record) or _said(rules.get(verdict.invariant), baseline)
        if rule is None:
            exported.notes.append(
                f"trial {record.trial.id}: the rule '{verdict.invariant}' is not in the configuration, so "
                "that its session is judged without it"
            )
        else:
            said.append(rule)
    if not said:
        return None
    named = "-".join(str(rule["id"]) for rule in said)
    return {"name": f"{file_stem(named)[:60]}-{identifier(json.dumps(said), length=6)}", "invariants": said}


def _said(rule: Rule | None, baseline: str | None) -> dict[str, Any] | None:
    if rule is None:
        return None
    dumped = rule.model_dump(mode="json", exclude_unset=True)
    said: dict[str, Any] = clean({k: v for k, v in dumped.items() if k not in _SITUATION}, clean_text)
    if getattr(rule, "baseline", None) == "auto":
        # A session has no undisturbed twin to be compared with.
        said["baseline"] = baseline if baseline is not None else "auto"
    return said


def _implied(verdict: Verdict, record: TrialRecord) -> dict[str, Any] | None:
    """What an attack's own rule forbids, in a rule that needs no attack."""
    mutation = record.trial.mutation
    if not verdict.implied or mutation is None or not mutation.canary:
        return None
    return {
        "type": "not_contains",
        "id": verdict.invariant,
        "value": mutation.canary,
        "severity": verdict.severity.value,
        "description": "The agent does not do what an attack asks for",
    }
