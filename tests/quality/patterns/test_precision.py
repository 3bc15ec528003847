"""How often the table of patterns is right, on labelled texts: half of them only look like what is sought."""

from __future__ import annotations

import json
import random
import re
import string
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from flakestorm.invariants.detection.engine import Engine, PythonEngine, native_engine
from flakestorm.invariants.detection.pattern import Pattern
from flakestorm.invariants.detection.scan import Scanner
from flakestorm.invariants.injection import CATEGORIES, is_told_of
from flakestorm.invariants.injection import PATTERNS as INJECTIONS
from flakestorm.invariants.pii.scan import is_guarded
from flakestorm.invariants.pii.table import DEFAULT_KINDS, SECRET_KINDS
from flakestorm.invariants.pii.table import PATTERNS as PERSONAL
from flakestorm.invariants.pii.validators import VALIDATORS

STAND_IN = re.compile(r"<<([\w.-]*):(\d+)(U?)>>")
ROWS = [json.loads(line) for line in Path(__file__).with_name("corpus.jsonl").read_text("utf-8").splitlines()]

Find = Callable[[str, str], set[str]]


def _with_secrets(text: str) -> str:
    """``text`` with ``<<prefix:length>>`` replaced by a made-up secret, so that no file looks like a key."""

    def secret(match: re.Match[str]) -> str:
        rng = random.Random(match[0])
        alphabet = string.digits + (string.ascii_uppercase if match[3] else string.ascii_letters)
        return match[1] + "".join(rng.choice(alphabet) for _ in range(int(match[2])))

    return STAND_IN.sub(secret, text)


def _native(patterns: list[Pattern]) -> Engine:
    return native_engine(patterns) or pytest.skip("the extension is not installed")


@pytest.fixture(scope="module", params=[PythonEngine, _native], ids=["python", "native"])
def find(request: pytest.FixtureRequest) -> Find:
    """(task, text) ► the labels that were found."""
    personal = [row for row in PERSONAL if row.kind in DEFAULT_KINDS]
    sought = Scanner(personal, VALIDATORS, is_guarded, engine=request.param(personal))
    orders = list(INJECTIONS)
    injection = Scanner(orders, {}, is_told_of, guards_all=True, engine=request.param(orders))

    def find(task: str, text: str) -> set[str]:
        if task == "injection":
            return {one.category for one in injection.find(text)}
        return {one.kind for one in sought.find(text)}

    return find


def test_the_corpus_is_large_and_half_of_it_is_hard_negatives() -> None:
    """Six hundred texts, every category of injection, every kind of secret."""
    assert len(ROWS) >= 600
    assert 0.35 <= sum(not row["labels"] for row in ROWS) / len(ROWS) <= 0.65
    labels = {label for row in ROWS for label in row["labels"]}
    assert set(CATEGORIES) <= labels
    assert set(SECRET_KINDS) - labels <= {"jwt"}, "a token that decodes stands in the corpus of excludes_pii"


@pytest.mark.parametrize("task", ["injection", "secrets", "personal"])
def test_precision_and_recall(find: Find, task: str) -> None:
    """A text counts as right when what it holds is found, and as wrong when anything else is."""
    counts: Counter[str] = Counter()
    told: list[str] = []
    for row in ROWS:
        if row["task"] != task:
            continue
        wanted, found = set(row["labels"]), find(task, _with_secrets(row["text"]))
        if task == "injection":
            # An order can be of several categories at once; what matters is that it is one.
            wanted, found = ({"injection"} if labels else set() for labels in (wanted, found))
        extra = found - wanted
        counts.update(right=len(found & wanted), wrong=len(extra), missed=len(wanted - found))
        told += [f"{row['text']!r}: wanted {wanted}, found {found}"] if extra or wanted - found else []
    summary = "\n".join(told)
    assert counts["right"] / (counts["right"] + counts["wrong"]) >= 0.97, summary
    assert counts["right"] / (counts["right"] + counts["missed"]) >= 0.95, summary
