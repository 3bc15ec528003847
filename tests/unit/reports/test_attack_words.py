"""Attacks on the protocol in words: the recipe, the answers, the other clients, and the agent afterwards."""

from __future__ import annotations

import base64
import io
import json
import re
import zlib
from dataclasses import replace
from io import StringIO
from types import ModuleType

from rich.console import Console

from flakestorm.model.attack import Attack, Crowd, Piece
from flakestorm.model.record import TrialRecord
from flakestorm.model.run import Run
from flakestorm.model.wire import Ended, Heartbeat, Wire, WireExchange
from flakestorm.reports.attack_words import attack_rows
from flakestorm.reports.html import write_html
from flakestorm.reports.terminal import print_run

HOSTILE = "\x1b[31m<script>alert(1)</script>\u202e"


def rows_of(record: TrialRecord) -> dict[str, str]:
    """Its rows by name."""
    return dict(attack_rows(record))


def with_attack(record: TrialRecord, attack: Attack, wire: Wire) -> TrialRecord:
    """``record`` for another attack, which showed something else."""
    assert record.trial.mutation is not None
    mutation = replace(record.trial.mutation, attack=attack)
    trial = replace(record.trial, mutation=mutation)
    return replace(record, trial=trial, outcome=replace(record.outcome, wire=wire))


def test_the_recipe_says_what_differs(fake: ModuleType) -> None:
    """Shortened, with control characters written out; what is as usual is not mentioned."""
    rows = rows_of(fake.attack_record())
    assert rows["attack"] == "payload_size_attack.sample"
    assert rows["method"] == '"PATCH"'
    assert rows["owed to it"] == '"answer_or_close"'
    assert rows["headers"] == '"X-A: \\u0000#\\r\\n" × 3,000'
    assert rows["headers left out"] == '"host"'
    assert rows["body"].endswith("+ ‹the ordinary body› in utf-7")
    assert len(rows["body"]) < 200
    assert "body steps 4" in rows["timing"]
    assert not {"version", "target", "clients"} & set(rows)


def test_what_was_seen_is_summed_up(fake: ModuleType) -> None:
    """Alike exchanges together; the answer that says most; heartbeat and health."""
    rows = rows_of(fake.attack_record())
    assert rows["came back"].split("; ") == [
        "2 × answered 400 after 12–40 ms (4,096 bytes sent, not all that was meant)",
        "1 × answered 500 after 31 ms (2,048 bytes sent)",
        "1 × not http after 9 ms (10 bytes sent)",
    ]
    assert rows["answer"].startswith("Traceback")
    assert rows["other clients"].startswith("7 of 8 requests served meanwhile, the slowest in 900 ms")
    assert rows["afterwards"].startswith("status 503")


def test_an_attack_that_did_no_harm(fake: ModuleType) -> None:
    """One exchange without status or body, nobody else, and health."""
    wire = Wire((WireExchange(Ended.CLOSED, 5.0, 100),), Heartbeat(0.0, 0, 0, 0.0))
    rows = rows_of(with_attack(fake.attack_record(), Attack(crowd=Crowd(copies=3)), wire))
    assert rows["clients"] == "copies 3"
    assert rows["came back"] == "closed after 5 ms (100 bytes sent)"
    assert "answer" not in rows
    assert rows["other clients"] == "none were sent meanwhile"
    assert rows["afterwards"] == "the golden prompt is answered as before"


def test_long_recipes_and_many_endings_are_counted(fake: ModuleType) -> None:
    """The rest has a number."""
    exchanges = tuple(WireExchange(Ended.ANSWERED, 1.0, 1, status=400 + n) for n in range(9))
    attack = Attack(headers=(Piece("a"),) * 11, body=())
    rows = rows_of(with_attack(fake.attack_record(), attack, Wire(exchanges, Heartbeat(1.0, 1, 0, 2.0))))
    assert rows["came back"].endswith("; 3 others")
    assert rows["headers"].endswith("+ 3 more")
    assert rows["body"] == "nothing"


def test_texts_have_no_rows(run: Run) -> None:
    """Ordinary trials disturb nothing on the wire."""
    assert not any(attack_rows(record) for record in run.records())


def test_the_terminal_tells_it_harmlessly(fake: ModuleType) -> None:
    """Recipe and facts below the example, without an escape character."""
    out = StringIO()
    print_run(fake.make_run(1, iter([fake.attack_record(HOSTILE)])), Console(file=out, width=200))
    told = out.getvalue()
    for part in ("attack payload_size_attack.sample", "came back", "other clients", "afterwards status 503"):
        assert part in told
    assert "\x1b" not in told
    assert "\u202e" not in told


def test_the_page_tells_it_harmlessly(fake: ModuleType) -> None:
    """In the cause and in the drawer's data."""
    out = io.BytesIO()
    write_html(fake.make_run(1, iter([fake.attack_record(HOSTILE)])), out)
    page = out.getvalue().decode()
    assert "7 of 8 requests served meanwhile" in page
    assert "<script>alert(1)" not in page
    packed = re.findall(r'data-block="trials"[^>]*>([^<]+)<', page)
    trials = [one for block in packed for one in json.loads(zlib.decompress(base64.b64decode(block), -15))]
    attacked = [one for one in trials if "on_the_wire" in one]
    assert ["attack", "payload_size_attack.sample"] in attacked[0]["on_the_wire"]
    assert all(one["wire"] is None for one in trials)
