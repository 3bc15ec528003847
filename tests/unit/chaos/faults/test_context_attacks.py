"""Context attacks: what gets into results and into the messages for the LLM."""

from __future__ import annotations

import json
from typing import Any

import pytest

from flakestorm.chaos.config import Faults
from flakestorm.chaos.effect import Answer
from flakestorm.chaos.faults.context_attacks import step_of
from flakestorm.chaos.faults.engine import FaultEngine
from flakestorm.chaos.request import CallRequest

TOOL = CallRequest("tool", "search", url="http://tools/search")
HISTORY = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "Hello"},
    {"role": "assistant", "content": "Hi!"},
    {"role": "user", "content": "Where is it?"},
    {"role": "assistant", "content": None, "tool_calls": []},
    {"role": "tool", "tool_call_id": "c1", "content": '{"status": "shipped"}'},
]


def engine(**attack: Any) -> FaultEngine:
    """An engine with one attack."""
    return FaultEngine(Faults(context_attacks=[attack]), 1, "t1")


def sent(body: dict[str, Any], **attack: Any) -> tuple[dict[str, Any], tuple[str, ...]]:
    """What goes upstream, and what fired."""
    made = engine(**attack)
    effect = made.effect(CallRequest("llm", "m1", "openai", body=json.dumps(body).encode()))
    assert effect.request is not None
    after = effect.request(json.dumps(body).encode())
    return json.loads(after), (made.ended(effect) or effect).fired


def test_indirect_injection() -> None:
    """An order behind the longest text of a valid result."""
    made = engine(type="indirect_injection")
    effect = made.effect(TOOL)
    assert effect.rewrite is not None
    after = json.loads(effect.rewrite(Answer(200, (), b'{"id": 1, "text": "A lamp.", "tag": "x"}')).body)
    assert after["text"].startswith("A lamp.\n\n")
    assert made.canary in after["text"]
    assert (after["id"], after["tag"]) == (1, "x")
    assert (made.ended(effect) or effect).fired == ("indirect_injection",)


@pytest.mark.parametrize(("kind", "is_attacked"), [("tool", True), ("http", True), ("llm", False)])
def test_what_is_attacked(kind: Any, is_attacked: bool) -> None:
    """Results of tools and pages; answers of LLMs have faults of their own."""
    effect = engine(type="indirect_injection").effect(CallRequest(kind, "x"))
    assert bool(effect.fired) == is_attacked


def test_only_some_calls() -> None:
    """By number and by the name of the tool or model; each of these has its own count."""
    made = engine(type="indirect_injection", tool="sea*", on_calls=[2])
    assert [bool(made.effect(TOOL).fired) for _ in range(3)] == [False, True, False]
    assert made.effect(CallRequest("tool", "other")).held == ()
    asked = engine(type="overflow", model="m2", on_calls=[1])
    calls = [CallRequest("llm", name, "openai", body=b"{}") for name in ("m1", "m2", "m2")]
    assert [bool(asked.effect(call).fired) for call in calls] == [False, True, False]


def test_own_payloads() -> None:
    """One of the user's payloads each time, with the canary where it is asked for."""
    found = set()
    made = engine(type="indirect_injection", payloads=["one {canary}", "two"])
    for _ in range(20):
        effect = made.effect(TOOL)
        assert effect.rewrite is not None
        found.add(effect.rewrite(Answer(200, (("content-type", "text/plain"),), b"x")).body.decode())
    assert found == {f"x\n\none {made.canary}", "x\n\ntwo"}


def test_trigger_probability() -> None:
    """An attack that is not triggered says so; one that is switched off is not there."""
    (held,) = engine(type="indirect_injection", trigger_probability=0).effect(TOOL).held
    assert held.startswith("indirect_injection: probability 0")
    assert engine(type="indirect_injection", enabled=False).effect(TOOL).held == ()


@pytest.mark.parametrize(
    ("strategy", "expected"),
    [
        ("prepend", "X\n\nWhere is it?"),
        ("append", "Where is it?\n\nX"),
        ("replace", "X"),
        (None, "X\n\nWhere is it?"),
    ],
)
def test_memory_poisoning(strategy: str | None, expected: str) -> None:
    """In the user's last message, before it unless the configuration says otherwise."""
    options = {} if strategy is None else {"strategy": strategy}
    after, fired = sent({"messages": HISTORY}, type="memory_poisoning", payload="X", **options)
    assert after["messages"][3]["content"] == expected
    assert [m for n, m in enumerate(after["messages"]) if n != 3] == [
        m for n, m in enumerate(HISTORY) if n != 3
    ]
    assert fired == ("memory_poisoning",)


@pytest.mark.parametrize(
    ("where", "number"),
    [
        ("system", 0),
        ("assistant", 2),
        ("history", 2),
        ("user", 3),
        ("Tool_result", 5),
        (1, 3),
        ("step_1", 3),
        ("tool", 5),
    ],
)
def test_inject_at(where: Any, number: int) -> None:
    """By the role of the message, or at a step."""
    after, fired = sent({"messages": HISTORY}, type="memory_poisoning", payload="X", inject_at=where)
    changed = [n for n, (a, b) in enumerate(zip(after["messages"], HISTORY, strict=True)) if a != b]
    assert changed == [number]
    assert fired == ("memory_poisoning",)


def test_another_step() -> None:
    """Only at the step that is asked for."""
    made = engine(type="memory_poisoning", inject_at="step 2")
    call = CallRequest("llm", "m1", "openai")
    assert made.effect(call).held == ("memory_poisoning: call 1 is not step 2",)
    assert made.effect(call).fired == ("memory_poisoning",)


@pytest.mark.parametrize("where", ["nobody", "tool"])
def test_no_such_message(where: str) -> None:
    """Where the message is missing, nothing is sent differently, and the attack did not fire."""
    body = {"messages": HISTORY[:2]}
    after, fired = sent(body, type="memory_poisoning", inject_at=where)
    assert after == body
    assert fired == ()


@pytest.mark.parametrize("type_", ["conflicting_context", "injection_via_context"])
def test_behind_the_last_result(type_: str) -> None:
    """Behind the last tool result; where there is none, behind what the user said."""
    after, _ = sent({"messages": HISTORY}, type=type_)
    assert after["messages"][5]["content"].startswith('{"status": "shipped"}\n\n')
    after, _ = sent({"messages": HISTORY[:2]}, type=type_)
    assert after["messages"][1]["content"].startswith("Hello\n\n")


def test_overflow() -> None:
    """About so many tokens before what the user said; by default 4000."""
    after, _ = sent({"messages": HISTORY}, type="overflow", inject_tokens=100)
    text = after["messages"][3]["content"]
    assert text.endswith("\n\nWhere is it?")
    assert 400 < len(text) < 500
    after, _ = sent({"messages": HISTORY}, type="overflow")
    assert 16_000 < len(after["messages"][3]["content"]) < 16_200


REQUESTS: list[tuple[dict[str, Any], str, list[Any]]] = [
    ({"input": "Hi"}, "user", ["input"]),
    ({"prompt": "Hi"}, "user", ["prompt"]),
    (
        {"input": [{"role": "user", "content": [{"type": "input_text", "text": "Hi"}]}]},
        "user",
        ["input", 0, "content", 0, "text"],
    ),
    ({"input": [{"type": "function_call_output", "output": "Hi"}]}, "tool", ["input", 0, "output"]),
    ({"instructions": "Hi", "input": "x"}, "system", ["instructions"]),
    ({"system": "Hi", "messages": []}, "system", ["system"]),
    ({"system": [{"type": "text", "text": "Hi"}], "messages": []}, "system", ["system", 0, "text"]),
    ({"systemInstruction": {"parts": [{"text": "Hi"}]}}, "system", ["systemInstruction", "parts", 0, "text"]),
    (
        {"contents": [{"role": "user", "parts": [{"text": "Hi"}]}]},
        "user",
        ["contents", 0, "parts", 0, "text"],
    ),
    (
        {"contents": [{"role": "model", "parts": [{"text": "Hi"}]}]},
        "assistant",
        ["contents", 0, "parts", 0, "text"],
    ),
    (
        {"contents": [{"role": "user", "parts": [{"functionResponse": {"response": {"result": "Hi"}}}]}]},
        "tool",
        ["contents", 0, "parts", 0, "functionResponse", "response", "result"],
    ),
    (
        {"messages": [{"role": "user", "content": [{"type": "tool_result", "content": "Hi"}]}]},
        "tool",
        ["messages", 0, "content", 0, "content"],
    ),
    (
        {
            "messages": [
                {
                    "role": "user",
                    "content": [{"type": "tool_result", "content": [{"type": "text", "text": "Hi"}]}],
                }
            ]
        },
        "tool",
        ["messages", 0, "content", 0, "content", 0, "text"],
    ),
    ({"messages": [{"role": "developer", "content": "Hi"}]}, "system", ["messages", 0, "content"]),
]


@pytest.mark.parametrize(("body", "role", "path"), REQUESTS)
def test_every_format(body: dict[str, Any], role: str, path: list[Any]) -> None:
    """The message is found wherever a provider has it, and nothing else changes."""
    after, fired = sent(body, type="memory_poisoning", payload="X", inject_at=role, strategy="replace")
    assert fired == ("memory_poisoning",)
    found: Any = after
    for key in path:
        found = found[key]
    assert found == "X"
    assert json.dumps(after).replace('"X"', '"Hi"') == json.dumps(body)


@pytest.mark.parametrize(
    "body", [b"", b"not json", b"[1]", b"[" * 100_000, b'{"messages": 5}', b'{"messages": [5]}']
)
def test_other_bodies(body: bytes) -> None:
    """What is no conversation goes upstream as it is."""
    effect = engine(type="memory_poisoning").effect(CallRequest("llm", "m1", "openai", body=body))
    assert effect.request is not None
    assert effect.request(body) == body


@pytest.mark.parametrize(
    ("inject_at", "step"),
    [(2, 2), ("2", 2), ("step_3", 3), ("call 4", 4), ("user", None), (None, None), ("", None)],
)
def test_steps(inject_at: Any, step: int | None) -> None:
    """How a step may be written."""
    assert step_of(inject_at) == step
