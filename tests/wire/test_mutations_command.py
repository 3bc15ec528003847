"""``flakestorm mutations`` as a user runs it: the list, one's own prompt, compositions, JSON."""

from __future__ import annotations

import json
import subprocess
import sys


def flakestorm(*arguments: str) -> subprocess.CompletedProcess[str]:
    """``flakestorm mutations`` with these arguments."""
    return subprocess.run(
        [sys.executable, "-m", "flakestorm", "mutations", *arguments],
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
        check=True,
    )


def test_the_list_is_grouped_by_type() -> None:
    """Each type has a heading with its description, each operator its own and an example."""
    told = flakestorm("--list", "-t", "noise", "-t", "timeout_manipulation").stdout
    noise, slow = told.split("\n\n")
    assert noise.startswith("noise: typos, OCR errors, casing, punctuation and whitespace\n  noise.")
    assert slow.startswith("timeout_manipulation: slow and stalled clients\n")
    assert '{"timing": {"head_steps": ' in slow


def test_the_list_as_json() -> None:
    """Programs get everything, in ASCII."""
    done = flakestorm("--list", "--json", "-t", "noise")
    data = json.loads(done.stdout)
    assert {item["type"] for item in data} == {"noise"}
    assert done.stdout.isascii()


def test_mutations_of_a_prompt_as_json() -> None:
    """The conversation of each mutation, and the notes."""
    prompt = "Where is my order 4512? I am waiting."
    done = flakestorm(prompt, "-t", "noise+prompt_injection", "-n", "5", "--reach", "sentence", "--json")
    data = json.loads(done.stdout)
    assert data["notes"] == []
    assert {(item["type"], item["kind"]) for item in data["mutations"]} == {
        ("noise+prompt_injection", "hostile")
    }
    assert len(data["mutations"]) == 5


def test_mutations_of_a_prompt() -> None:
    """For people: the operator, the kind, turns before the prompt, and notes when there are too few."""
    told = flakestorm("Hi", "-t", "multi_turn_attack", "-n", "2").stdout
    assert "multi_turn_attack." in told
    assert "  turn: " in told
    told = flakestorm("", "--list", "-t", "multi_turn_attack").stdout
    assert "hostile" not in told.splitlines()[0]
    assert "of 400 mutations" in " ".join(flakestorm("?", "-t", "paraphrase", "-n", "400").stdout.split())
