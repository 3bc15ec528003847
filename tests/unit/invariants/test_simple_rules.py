"""Every rule that needs a line of options: what passes, what fails and with which words and evidence."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import TypeAdapter

from flakestorm.invariants.registry import invariant_types
from flakestorm.invariants.rules import AnyRule
from flakestorm.model.outcome import ErrorKind
from flakestorm.model.verdict import Judgement, VerdictStatus

RULE = TypeAdapter(AnyRule)


@pytest.fixture
def ask(make_subject):
    """(item of `invariants`, reply, facts of the outcome) ► judgement."""

    def judge(item: dict[str, Any], *args: Any, **facts: Any) -> Judgement:
        rule = RULE.validate_python(item)
        return invariant_types.get(rule.type).build(rule)(make_subject(*args, **facts))

    return judge


PASSES = [
    ({"type": "contains", "value": "SHIPPED"}, "It was shipped."),
    ({"type": "contains", "value": "straße"}, "Hauptstrasse 5"),
    ({"type": "contains_any", "values": ["sent", "shipped"]}, "It was Shipped."),
    ({"type": "contains_all", "values": ["it", "SHIPPED"]}, "It was shipped."),
    ({"type": "not_contains", "value": "refund"}, "It was shipped."),
    ({"type": "not_contains", "values": ["refund", "sorry"]}, "It was shipped."),
    ({"type": "equals", "value": "  yes "}, "Yes\n"),
    ({"type": "equals", "value": "Yes", "case_sensitive": True}, " Yes"),
    ({"type": "equals", "value": ""}, "  "),
    ({"type": "starts_with", "value": "IT"}, "\n it was"),
    ({"type": "starts_with", "value": " it", "strip": False}, " It was"),
    ({"type": "regex", "pattern": "It.*shipped"}, "It\nwas\nshipped"),
    ({"type": "regex", "pattern": r"(?i)SHIPPED\.$"}, "It was shipped."),
    ({"type": "excludes_pattern", "pattern": "refund"}, "It was shipped."),
    ({"type": "excludes_pattern", "patterns": [r"\bssn\b", "credit card"]}, "assn, credit and card"),
    ({"type": "length", "min": 2, "max": 15}, "It was shipped."),
    ({"type": "length", "max": 3, "unit": "words"}, "It was shipped."),
    ({"type": "output_not_empty"}, " x"),
    ({"type": "valid_json"}, ' {"a": [1, null]} '),
    ({"type": "valid_json"}, '"text"'),
]


@pytest.mark.parametrize(("item", "reply"), PASSES)
def test_passes(ask, item, reply):
    """A reply that keeps the rule passes, and nothing is said about it."""
    assert ask(item, reply) == Judgement(VerdictStatus.PASSED)


FAILS = [
    (
        {"type": "contains", "value": "refund"},
        "No.",
        'expected to contain "refund"; the reply is 3 characters: "No."',
        (),
    ),
    ({"type": "contains", "value": "a"}, "", 'expected to contain "a"; the reply is empty', ()),
    (
        {"type": "contains_any", "values": ["a", "b"]},
        "N",
        'expected to contain "a" or "b"; the reply is 1 character: "N"',
        (),
    ),
    (
        {"type": "contains_all", "values": ["no", "a", "b"]},
        "No.",
        'expected to contain also "a", "b"; the reply is 3 characters: "No."',
        (),
    ),
    (
        {"type": "not_contains", "value": "ß", "values": ["no"]},
        "Nonsense: SS!",
        'contains "ß", "no", which must not be there',
        ((0, 2), (10, 12)),
    ),
    (
        {"type": "equals", "value": "yes"},
        "No.",
        'expected to equal "yes"; the reply is 3 characters: "No."',
        (),
    ),
    (
        {"type": "equals", "value": "no.", "case_sensitive": True},
        "No.",
        'expected to equal "no."; the reply is 3 characters: "No."',
        (),
    ),
    (
        {"type": "equals", "value": "No.", "strip": False},
        "No. ",
        'expected to equal "No."; the reply is 4 characters: "No."',
        (),
    ),
    (
        {"type": "starts_with", "value": "yes"},
        "No, yes",
        'expected to start with "yes"; the reply is 7 characters: "No, yes"',
        (),
    ),
    (
        {"type": "regex", "pattern": r"^\d+$"},
        "No.",
        r'expected to match /^\d+$/; the reply is 3 characters: "No."',
        (),
    ),
    (
        {"type": "excludes_pattern", "pattern": "n.", "patterns": ["PIN", "x"]},
        "No pin, no",
        "matches /n./, /PIN/, which must not be there",
        ((0, 2), (3, 6), (5, 7), (8, 10)),
    ),
    ({"type": "excludes_pattern", "pattern": "x*"}, "No", "matches /x*/, which must not be there", ()),
    (
        {"type": "length", "min": 5},
        "No.",
        '3 characters; at least 5 are expected; the reply is 3 characters: "No."',
        (),
    ),
    (
        {"type": "length", "max": 1, "unit": "words"},
        "No it",
        '2 words; at most 1 are allowed; the reply is 5 characters: "No it"',
        (),
    ),
    (
        {"type": "output_not_empty"},
        " \u200b\n",
        'nothing visible; the reply is 3 characters: "\ufffd"',
        (),
    ),
    ({"type": "output_not_empty"}, "", "nothing visible; the reply is empty", ()),
]


@pytest.mark.parametrize(("item", "reply", "detail", "evidence"), FAILS)
def test_fails(ask, item, reply, detail, evidence):
    """A reply that breaks the rule fails, in words that say what was expected and what came."""
    judgement = ask(item, reply)
    assert (judgement.status, judgement.detail) == (VerdictStatus.FAILED, detail)
    assert judgement.evidence == evidence


@pytest.mark.parametrize("reply", ["", "NaN", "{'a': 1}", "```json\n{}\n```", "{} {}", "[1,]", "nope"])
def test_what_is_not_json_fails_with_the_place(ask, reply):
    """`valid_json` follows the standard and says where the reply stops being JSON."""
    judgement = ask({"type": "valid_json"}, reply)
    assert judgement.status is VerdictStatus.FAILED
    assert judgement.detail.startswith("not JSON at line ")


def test_deep_json_is_no_crash(ask):
    """Nesting that would overflow the stack is a failure like any other."""
    assert ask({"type": "valid_json"}, "[" * 100_000).status is VerdictStatus.FAILED


TIMES = [
    ({"type": "latency", "max_ms": 100}, {"latency_ms": 100.0}, VerdictStatus.PASSED, ""),
    (
        {"type": "latency", "max_ms": 99.5},
        {"latency_ms": 120.4},
        VerdictStatus.FAILED,
        "took 120 ms; at most 99.5 ms are allowed",
    ),
    ({"type": "time_to_first_byte", "max_ms": 10}, {"first_byte_ms": 9.0}, VerdictStatus.PASSED, ""),
    (
        {"type": "time_to_first_byte", "max_ms": 10},
        {"first_byte_ms": 12.0},
        VerdictStatus.FAILED,
        "the first byte took 12 ms; at most 10 ms are allowed",
    ),
    (
        {"type": "time_to_first_byte", "max_ms": 10},
        {},
        VerdictStatus.ERRORED,
        "this kind of agent does not tell when the reply began; use the rule 'latency'",
    ),
    ({"type": "status", "value": 200}, {"status": 200}, VerdictStatus.PASSED, ""),
    (
        {"type": "status", "value": [200, 404]},
        {"status": 404, "error": ErrorKind.STATUS},
        VerdictStatus.PASSED,
        "",
    ),
    (
        {"type": "status", "value": [200, 201]},
        {"status": 500, "error": ErrorKind.STATUS},
        VerdictStatus.FAILED,
        "status 500; accepted is 200 or 201",
    ),
    (
        {"type": "status", "value": 0},
        {"error": ErrorKind.TIMEOUT},
        VerdictStatus.ERRORED,
        "no status: timeout (it was timeout)",
    ),
    (
        {"type": "status", "value": 0},
        {},
        VerdictStatus.ERRORED,
        "this kind of agent gives no status: neither an HTTP status nor an exit code",
    ),
    ({"type": "completes"}, {}, VerdictStatus.PASSED, ""),
    (
        {"type": "completes"},
        {"error": ErrorKind.DIED},
        VerdictStatus.FAILED,
        "no reply: died (it was died)",
    ),
    (
        {"type": "completes"},
        {"error": ErrorKind.REFUSED},
        VerdictStatus.ERRORED,
        "the agent was not reached: refused (it was refused)",
    ),
    (
        {"type": "completes"},
        {"error": ErrorKind.UNSENDABLE},
        VerdictStatus.SKIPPED,
        "nothing was sent: it was unsendable",
    ),
]


@pytest.mark.parametrize(("item", "facts", "status", "detail"), TIMES)
def test_facts_about_the_delivery(ask, item, facts, status, detail):
    """Times, statuses and completion are judged from the outcome's facts, not from the text."""
    assert ask(item, **facts) == Judgement(status, detail)


def test_a_long_hostile_reply_is_shown_short_and_harmless(ask):
    """A detail line has no control characters, no line breaks, and an end."""
    judgement = ask({"type": "contains", "value": "x"}, "\x1b[31m\r\nred\u202e " + "y" * 500)
    assert judgement.detail.isprintable()
    assert len(judgement.detail) < 160
    assert judgement.detail.endswith('…"')


@pytest.mark.parametrize(
    ("item", "reply", "evidence"),
    [
        ({"type": "contains", "value": "no", "negate": True}, "No, no", ((0, 2), (4, 6))),
        ({"type": "regex", "pattern": "n.", "negate": True}, "so no", ((3, 5),)),
    ],
)
def test_a_negated_rule_knows_where_its_text_stands(ask, item, reply, evidence):
    """Where presence is what fails, the check passes with the evidence that the judge turns round."""
    assert ask(item, reply) == Judgement(VerdictStatus.PASSED, "", evidence)


def test_a_flood_of_evidence_is_cut(ask):
    """A reply of a thousand hits is marked at the first twenty."""
    assert len(ask({"type": "not_contains", "value": "a"}, "a" * 1000).evidence) == 20
    assert len(ask({"type": "excludes_pattern", "pattern": "[a]"}, "a" * 1000).evidence) == 20
