"""Attacks and what they showed survive being stored, and two different attacks are two different trials."""

from __future__ import annotations

import json
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from flakestorm.model.attack import Attack, Crowd, Due, Framing, Part, Piece, Then, Timing
from flakestorm.model.mutation import Kind, Mutation
from flakestorm.model.outcome import Outcome
from flakestorm.model.prompt import GoldenPrompt
from flakestorm.model.record import TrialRecord, TrialStatus
from flakestorm.model.redaction import Redactor
from flakestorm.model.trial import Trial
from flakestorm.model.wire import Ended, Heartbeat, Wire, WireExchange

LATIN = st.text(st.characters(max_codepoint=255), max_size=8)
COUNTS = st.integers(0, 10**6)
SECONDS = st.floats(0, 9)
PIECES = st.lists(
    st.builds(Piece, LATIN, COUNTS, st.booleans(), st.sampled_from(Part), LATIN), max_size=2
).map(tuple)
TEXTS = st.lists(LATIN, max_size=2).map(tuple)
ATTACKS = st.builds(
    Attack,
    st.sampled_from(Due),
    LATIN,
    LATIN,
    PIECES,
    LATIN,
    TEXTS,
    PIECES,
    LATIN,
    st.builds(Framing, TEXTS, TEXTS, LATIN, LATIN, COUNTS, LATIN),
    st.none() | PIECES,
    TEXTS,
    PIECES,
    PIECES,
    COUNTS,
    st.builds(Timing, COUNTS, COUNTS, SECONDS, SECONDS, st.sampled_from(Then), SECONDS),
    st.builds(Crowd, COUNTS, COUNTS, SECONDS, st.booleans(), st.booleans()),
    LATIN,
)
EXCHANGES = st.builds(
    WireExchange,
    st.sampled_from(Ended),
    SECONDS,
    COUNTS,
    st.booleans(),
    st.none() | st.integers(100, 599),
    st.lists(st.tuples(LATIN, LATIN), max_size=2).map(tuple),
    st.text(max_size=8),
    LATIN,
)
WIRES = st.builds(
    Wire,
    st.lists(EXCHANGES, min_size=1, max_size=3).map(tuple),
    st.builds(Heartbeat, SECONDS, COUNTS, COUNTS, SECONDS, LATIN),
    LATIN,
)
PROMPT = GoldenPrompt(("Hi",))


def mutation(attack: Attack | None) -> Mutation:
    """A mutation that leaves the prompt as it is."""
    return Mutation(
        "protocol_level_attack", "protocol_level_attack.x", ("Hi",), Kind.PROTOCOL, 0, 0.3, (), attack=attack
    )


@given(ATTACKS)
@settings(max_examples=40, deadline=None)
def test_an_attack_survives_json(attack: Attack) -> None:
    """Every field, whatever is in it."""
    assert Attack.from_dict(json.loads(json.dumps(attack.to_dict()))) == attack


def test_only_what_differs_is_written() -> None:
    """An ordinary request is an empty recipe, and one change is one entry."""
    assert Attack().to_dict() == {}
    assert Attack(method="GET", timing=Timing(hold_s=2)).to_dict() == {
        "method": "GET",
        "timing": {"hold_s": 2},
    }
    assert Attack(body=()).to_dict() == {"body": []}


@given(ATTACKS, WIRES)
@settings(max_examples=15, deadline=None)
def test_a_record_survives_json(attack: Attack, wire: Wire) -> None:
    """With the attack of its mutation and what was seen on the wire."""
    outcome = Outcome(1.0, "reply", status=400, wire=wire)
    record = TrialRecord(Trial.of(PROMPT, mutation(attack)), outcome, (), TrialStatus.PASSED)
    assert TrialRecord.from_dict(json.loads(json.dumps(record.to_dict()))) == record


def test_records_without_attacks_can_still_be_read() -> None:
    """What was stored before there were attacks has neither key."""
    record = TrialRecord(Trial.of(PROMPT, mutation(None)), Outcome(1.0, "reply"), (), TrialStatus.PASSED)
    data = record.to_dict()
    del data["wire"], data["mutation"]["attack"]
    assert TrialRecord.from_dict(data) == record


def test_the_attack_is_part_of_the_id() -> None:
    """Same text, other attack, other trial; and the ids of texts are what they were."""
    ids = {mutation(attack).id for attack in (None, Attack(), Attack(method="GET"), Attack(method="PUT"))}
    assert len(ids) == 4
    assert mutation(Attack(method="GET")).id == mutation(Attack(method="GET")).id
    assert (
        replace(mutation(None), operator="noise.x").id
        == Mutation("noise", "noise.x", ("Hi",), Kind.EDGE, 9, 0.9, ()).id
    )


def test_the_telling_exchange() -> None:
    """A server error before a missing answer before the first of the rest."""
    fine, error = WireExchange(Ended.ANSWERED, 1.0, status=404), WireExchange(Ended.ANSWERED, 1.0, status=500)
    lost, other = WireExchange(Ended.TIMEOUT, 1.0), WireExchange(Ended.ANSWERED, 1.0, status=200)
    heartbeat = Heartbeat(1.0, 1, 0, 1.0)
    assert Wire((fine, lost, error), heartbeat).telling is error
    assert Wire((fine, lost), heartbeat).telling is lost
    assert Wire((fine, other), heartbeat).telling is fine


def test_headers_are_found_by_name() -> None:
    """In any case; the first one counts, and a missing one is empty."""
    exchange = WireExchange(Ended.ANSWERED, 1.0, headers=(("X-A", "1"), ("x-a", "2")))
    assert (exchange.header("x-a"), exchange.header("x-b")) == ("1", "")


def test_secrets_in_answers_are_blotted_out() -> None:
    """In headers and bodies of every exchange, keeping their length."""
    exchange = WireExchange(
        Ended.ANSWERED, 1.0, headers=(("X-Key", "hunter2-hunter2"),), body="a hunter2-hunter2"
    )
    wire = Wire((exchange,), Heartbeat(1.0, 1, 0, 1.0))
    record = TrialRecord(
        Trial.of(PROMPT, mutation(Attack())), Outcome(1.0, exchange.body, wire=wire), (), TrialStatus.PASSED
    )
    clean = Redactor(["hunter2-hunter2"]).record(record)
    assert "hunter2" not in json.dumps(clean.to_dict())
    assert clean.outcome.wire is not None
    assert len(clean.outcome.wire.exchanges[0].body) == len(exchange.body)
