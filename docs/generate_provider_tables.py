"""Writes the tables of providers/*.md: ``python docs/generate_provider_tables.py``.

What a client makes of a fault is taken from the tables of tests/wire/sdk/faults, which those tests prove with
the real clients. What the provider says is taken from the answers that flakestorm makes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from datetime import datetime, timezone
from pathlib import Path
from random import Random
from runpy import run_path
from typing import Any

from flakestorm.chaos.config import LlmFault
from flakestorm.chaos.faults.llm_modes import LLM_FAULTS
from flakestorm.chaos.faults.part import Occasion, Part
from flakestorm.chaos.request import CallRequest, Provider

FOLDER = Path(__file__).with_name("providers")
TESTS = Path(__file__).parents[1] / "tests" / "wire" / "sdk" / "faults"

CLIENTS = ("openai_chat", "openai_responses", "anthropic", "google", "ollama")
"""What is behind ``test_`` in the name of a test module with a table ``CASES``."""
PROVIDERS: tuple[Provider, ...] = ("openai", "anthropic", "google", "ollama")
ERRORS = (
    "rate_limit",
    "quota_exhausted",
    "server_error",
    "overloaded",
    "auth_error",
    "not_found",
    "context_length",
    "content_filter",
)
THE_ANSWER = "the answer"
THE_SAME = "the same"
DID_NOT_FIRE = "–"


def filled(page: str) -> str:
    """``page`` with the text between each pair of markers made anew."""

    def table(match: re.Match[str]) -> str:
        kind, name = match[2].split()
        rows = _errors(name) if kind == "errors" else _outcomes(name)  # type: ignore[arg-type]  # a provider
        return f"{match[1]}\n\n{rows}\n{match[3]}"

    return re.sub(r"(<!-- begin (.+?) -->).*?(<!-- end -->)", table, page, flags=re.DOTALL)


def _outcomes(client: str) -> str:
    """A row for each LLM fault: what comes of a whole and of a streamed call."""
    # Running the module defines its tests and runs none of them.
    tests = run_path(str(TESTS / f"test_{client}.py"))
    rows = []
    for mode, (whole, streamed) in tests["CASES"].items():
        first = _outcome(whole, tests["FINE"])
        second = THE_SAME if whole == streamed else _outcome(streamed, tests["FINE"])
        rows.append((f"`{mode}`", first, second))
    return _rows(("fault", "whole", "streamed"), rows)


def _outcome(told: str, fine: str) -> str:
    if told == "-":
        return DID_NOT_FIRE
    return THE_ANSWER if told == fine else f"`{told}`"


def _errors(provider: Provider) -> str:
    """A row for each error that the provider has: status, what names it, and the headers beside."""
    rows = []
    for mode in ERRORS:
        request = CallRequest("llm", "NAME", provider)
        occasion = Occasion(request, Random(0), "0", "", datetime(2026, 1, 1, tzinfo=timezone.utc), 1)
        decision = LLM_FAULTS[mode](LlmFault.model_validate({"mode": mode}), occasion)
        if isinstance(decision, Part) and decision.answer is not None and decision.answer.status >= 400:
            answer = decision.answer
            headers = [name for name, _ in answer.headers if name != "content-type"]
            told = ", ".join(f"`{name}`" for name in dict.fromkeys(_families(headers))) or "–"
            rows.append((f"`{mode}`", str(answer.status), _name(json.loads(answer.body)), told))
    return _rows(("fault", "status", "named by", "headers"), rows)


def _name(body: dict[str, Any]) -> str:
    """What a program can tell the error by: types and codes; where there are none, the sentence."""
    error = body["error"]
    if isinstance(error, str):
        return f"the sentence: {error.partition(' (request id')[0]}"
    named = {key: value for key, value in error.items() if key in ("type", "code", "status") and value}
    return ", ".join(f"{key} `{value}`" for key, value in named.items())


def _families(headers: Iterable[str]) -> Iterator[str]:
    """Headers about limits come in families: one name for each."""
    for name in headers:
        yield re.sub(r"ratelimit-.*", "ratelimit-*", name)


def _rows(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [heads, tuple("---" for _ in heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


if __name__ == "__main__":
    for page in FOLDER.glob("*.md"):
        page.write_text(filled(page.read_text("utf-8")), "utf-8")
