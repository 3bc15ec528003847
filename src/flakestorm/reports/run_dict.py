"""The public JSON form of a run without its trials: the head of the JSON report, line one of JSON Lines."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict
from typing import Any

from flakestorm.model.ci import CiResult
from flakestorm.model.fault_map import FaultMap
from flakestorm.model.finding import Finding
from flakestorm.model.minimal import Minimal
from flakestorm.model.record import TrialRecord
from flakestorm.model.run import (
    Amplification,
    Assessment,
    Cause,
    Cell,
    DataUse,
    FaultCount,
    Latency,
    PromptRow,
    Recovery,
    RequestShape,
    Run,
    RunInfo,
    ScenarioRow,
    Score,
    Scores,
    Totals,
    TypeRow,
)
from flakestorm.model.verdict import Severity
from flakestorm.reports.contract_dict import contract_from_dict, contract_to_dict
from flakestorm.reports.measures_dict import measures_from_dict, measures_to_dict
from flakestorm.reports.replay_dict import replay_from_dict, replay_to_dict
from flakestorm.reports.surface_dict import surface_from_dict, surface_to_dict

SCHEMA = "flakestorm-report/1"
"""The name and version of the format; a change that breaks readers raises the number."""


def run_to_dict(run: Run) -> dict[str, Any]:
    """Everything but ``trials``, in the order in which people look for it."""
    info = asdict(run.info)
    version = info.pop("version")
    return {
        "schema": SCHEMA,
        "flakestorm": version,
        "run": info,
        "assessment": asdict(run.assessment),
        "scores": asdict(run.scores),
        "totals": asdict(run.totals),
        "by_type": [_type_to_dict(row) for row in run.by_type],
        "by_prompt": [asdict(row) for row in run.by_prompt],
        "by_scenario": [_scenario_to_dict(row) for row in run.by_scenario],
        "contract": contract_to_dict(run.contract, run.scores.contract),
        "replay": replay_to_dict(run.replay),
        "cells": [asdict(cell) for cell in run.cells],
        "latency": {
            "control": _asdict_or_none(run.control_latency),
            "disturbed": _asdict_or_none(run.disturbed_latency),
        },
        "causes": [_cause_to_dict(cause) for cause in run.causes],
        "findings": [finding.to_dict() for finding in run.findings],
        "measures": measures_to_dict(run.measures),
        **({} if run.surface is None else {"reliability": surface_to_dict(run.surface)}),
        **({} if run.ci is None else {"ci": run.ci.to_dict()}),
        **({} if run.fault_map is None else {"fault_map": run.fault_map.to_dict()}),
    }


def run_from_dict(data: dict[str, Any], records: Callable[[], Iterator[TrialRecord]]) -> Run:
    """The run that ``run_to_dict`` described, with ``records`` as its trials.

    Raises ``KeyError``, ``TypeError`` or ``ValueError`` on another shape.
    """
    return Run(
        info=_info(data),
        assessment=Assessment(**{**data["assessment"], "reasons": tuple(data["assessment"]["reasons"])}),
        scores=Scores(**{pillar: _score(score) for pillar, score in data["scores"].items()}),
        totals=Totals(**data["totals"]),
        by_type=tuple(_type_row(row) for row in data["by_type"]),
        by_prompt=tuple(_prompt_row(row) for row in data["by_prompt"]),
        cells=tuple(Cell(**cell) for cell in data["cells"]),
        control_latency=_latency(data["latency"]["control"]),
        disturbed_latency=_latency(data["latency"]["disturbed"]),
        causes=tuple(_cause(cause) for cause in data["causes"]),
        findings=tuple(map(Finding.from_dict, data["findings"])),
        records=records,
        # Reports of older versions have no scenarios.
        by_scenario=tuple(map(_scenario_row, data.get("by_scenario", ()))),
        contract=contract_from_dict(data.get("contract")),
        replay=replay_from_dict(data.get("replay")),
        ci=CiResult.from_dict(data["ci"]) if data.get("ci") else None,
        fault_map=FaultMap.from_dict(data["fault_map"]) if data.get("fault_map") else None,
        measures=measures_from_dict(data.get("measures")),
        surface=surface_from_dict(data["reliability"]) if data.get("reliability") else None,
    )


def _asdict_or_none(value: Latency | None) -> dict[str, Any] | None:
    return None if value is None else asdict(value)


def _type_to_dict(row: TypeRow) -> dict[str, Any]:
    """The totals lie beside the type, where a reader of ``by_type`` looks for them."""
    return {
        "type": row.type,
        **asdict(row.totals),
        "weight": row.weight,
        "rate": asdict(row.rate) if row.rate else None,
        "obeyed": row.obeyed,
    }


def _scenario_to_dict(row: ScenarioRow) -> dict[str, Any]:
    """The totals lie beside the name, as in ``by_type``."""
    return {
        "name": row.name,
        **asdict(row.totals),
        "unfired": row.unfired,
        "matched": row.matched,
        "fired": row.fired,
        "rate": asdict(row.rate) if row.rate else None,
        "faults": [asdict(fault) for fault in row.faults],
        "amplification": [asdict(one) for one in row.amplification],
        "recovery": asdict(row.recovery),
        "data": asdict(row.data),
    }


def _cause_to_dict(cause: Cause) -> dict[str, Any]:
    return {
        "title": cause.title,
        "rule": cause.rule,
        "severity": cause.severity.value,
        "type": cause.type,
        "count": cause.count,
        "implied": cause.implied,
        "operators": list(cause.operators),
        "trials": list(cause.trials),
        "minimal": cause.minimal.to_dict() if cause.minimal else None,
        "example": cause.example.to_dict(),
    }


def _info(data: dict[str, Any]) -> RunInfo:
    info = dict(data["run"])
    request = info.pop("request", None)
    shape = None
    if request is not None:
        headers = tuple((name, value) for name, value in request["headers"])
        shape = RequestShape(request["method"], headers, request["body"])
    return RunInfo(
        **{**info, "notes": tuple(info["notes"])},
        version=data["flakestorm"],
        request=shape,
    )


def _score(data: dict[str, Any] | None) -> Score | None:
    return None if data is None else Score(**data)


def _type_row(data: dict[str, Any]) -> TypeRow:
    totals = {name: data[name] for name in Totals.__dataclass_fields__}
    return TypeRow(data["type"], data["weight"], Totals(**totals), _score(data["rate"]), data["obeyed"])


def _scenario_row(data: dict[str, Any]) -> ScenarioRow:
    return ScenarioRow(
        name=data["name"],
        totals=Totals(**{name: data[name] for name in Totals.__dataclass_fields__}),
        rate=_score(data["rate"]),
        unfired=data["unfired"],
        faults=tuple(FaultCount(**fault) for fault in data["faults"]),
        amplification=tuple(Amplification(**one) for one in data["amplification"]),
        recovery=Recovery(**data["recovery"]),
        data=DataUse(**data["data"]),
    )


def _prompt_row(data: dict[str, Any]) -> PromptRow:
    parts = {
        "control": Totals(**data["control"]),
        "disturbed": Totals(**data["disturbed"]),
        "rate": _score(data["rate"]),
        "broken": tuple(data["broken"]),
    }
    return PromptRow(**{**data, **parts})


def _latency(data: dict[str, Any] | None) -> Latency | None:
    if data is None:
        return None
    return Latency(**{**data, "buckets": tuple((bound, count) for bound, count in data["buckets"])})


def _cause(data: dict[str, Any]) -> Cause:
    parts = {
        "severity": Severity(data["severity"]),
        "example": TrialRecord.from_dict(data["example"]),
        "operators": tuple(data.get("operators", ())),
        "trials": tuple(data["trials"]),
        "minimal": None if data.get("minimal") is None else Minimal.from_dict(data["minimal"]),
    }
    return Cause(**{**data, **parts})
