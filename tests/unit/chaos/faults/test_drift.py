"""Response drift: the five kinds, and how strong they are."""

from __future__ import annotations

import json
from typing import Any

import pytest

from flakestorm.chaos.config import LlmFault
from flakestorm.chaos.faults.drift import drifted, other_name

TEXT = "The order has shipped. It arrives on Monday. You can't change it now."
OBJECT = '{"order_id": 1, "status": "shipped", "sub": {"dueDate": 2}}'


def drift(text: str, kind: str | None, **options: Any) -> str:
    """``text`` after a drift."""
    return drifted(text, LlmFault(mode="response_drift", drift_type=kind, **options))


@pytest.mark.parametrize(
    ("severity", "expected"),
    [
        ("subtle", {"orderId": 1, "status": "shipped", "sub": {"due_date": 2}}),
        ("moderate", {"orderId": 1, "status": "shipped", "sub_value": {"due_date": 2}}),
        ("severe", {"orderId": 1, "status_value": "shipped", "sub_value": {"due_date": 2}}),
        (None, {"orderId": 1, "status": "shipped", "sub_value": {"due_date": 2}}),
        ("whatever", {"orderId": 1, "status": "shipped", "sub_value": {"due_date": 2}}),
    ],
)
def test_renamed_fields(severity: str | None, expected: Any) -> None:
    """The first, some or all fields of each object."""
    assert json.loads(drift(OBJECT, "json_field_rename", severity=severity)) == expected


def test_renamed_in_a_fence() -> None:
    """The fence around JSON stays; lists are looked into; what is no JSON stays as it is."""
    assert drift('```json\n[{"a_b": 1}]\n```', "json_field_rename") == '```json\n[{"aB": 1}]\n```'
    assert drift(TEXT, "json_field_rename") == TEXT
    assert drift("17", "json_field_rename") == "17"


@pytest.mark.parametrize("factor", [1.5, 2, 4])
def test_more_words(factor: float) -> None:
    """At least so many times as long, with the answer at its beginning."""
    made = drift(TEXT, "verbosity_shift", factor=factor)
    assert made.startswith(TEXT)
    assert factor * len(TEXT) <= len(made) < factor * len(TEXT) + 120


def test_default_is_twice_as_long() -> None:
    """Without a kind and a factor."""
    assert len(drift(TEXT, None)) >= 2 * len(TEXT)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"direction": "contract", "factor": 2}, "The order has shipped."),
        ({"factor": 0.7}, "The order has shipped. It arrives on Monday."),
        ({"direction": "shrink", "factor": 100}, "The order has shipped."),
    ],
)
def test_fewer_words(options: Any, expected: str) -> None:
    """Whole sentences from the beginning, at least one."""
    assert drift(TEXT, "verbosity_shift", **options) == expected


@pytest.mark.parametrize("text", ["\n\n", "   "])
def test_nothing_to_shorten(text: str) -> None:
    """Where there is no sentence, nothing is taken away."""
    assert drift(text, "verbosity_shift", direction="contract") == text


def test_format_of_text() -> None:
    """A list under a heading, or JSON."""
    made = drift(TEXT, "format_change")
    assert made.splitlines()[0] == "## Answer"
    assert made.count("\n- ") == 3
    assert json.loads(drift(TEXT, "format_change", severity="severe")) == {"response": TEXT}


def test_format_of_json() -> None:
    """Fenced, fenced between sentences, or no JSON any more."""
    assert drift(OBJECT, "format_change", severity="subtle") == f"```json\n{OBJECT}\n```"
    made = drift(OBJECT, "format_change")
    assert made.startswith("Here is the result:")
    assert json.loads(made.split("```json")[1].split("```")[0]) == json.loads(OBJECT)
    severe = drift(OBJECT, "format_change", severity="severe")
    assert severe == '**order_id**: 1\n**status**: shipped\n**sub**: {"dueDate": 2}'


def test_refusals() -> None:
    """A hedge before the answer, or a refusal in its place."""
    assert drift(TEXT, "refusal_rephrase").endswith(TEXT)
    assert drift(TEXT, "refusal_rephrase") != drift(TEXT, "refusal_rephrase", severity="subtle")
    assert TEXT not in drift(TEXT, "refusal_rephrase", severity="severe")


@pytest.mark.parametrize("severity", ["subtle", "moderate", "severe"])
def test_tone(severity: str) -> None:
    """Formal spells contractions out, casual makes them."""
    formal = drift(TEXT, "tone_shift", severity=severity)
    assert "cannot change" in formal
    assert "can't" not in formal
    casual = drift("It is here. I cannot change it.", "tone_shift", direction="casual", severity=severity)
    assert "It's here. I can't change it." in casual


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("order_id", "orderId"),
        ("orderId", "order_id"),
        ("id", "id_value"),
        ("_x", "_x_value"),
        ("a_b_c", "aBC"),
        ("", "_value"),
    ],
)
def test_other_names(name: str, other: str) -> None:
    """Between the two styles; a single word gets longer."""
    assert other_name(name) == other
