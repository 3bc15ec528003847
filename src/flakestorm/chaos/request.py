"""A call that the agent makes, as the faults see it: before anything was sent on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Provider = Literal["openai", "responses", "anthropic", "google", "ollama", ""]
"""Whose words an answer has to be in: OpenAI chat completions and Responses are two; "" is not an LLM."""

CallKind = Literal["llm", "tool", "http"]


@dataclass(frozen=True, slots=True)
class CallRequest:
    """One LLM or tool call.

    ``name`` is the model or the tool. ``url`` is where the call really goes. ``headers`` have lower-case
    names. ``body`` is as sent, and empty when there is none. ``stream`` says that the caller asked for the
    answer piece by piece.
    """

    kind: CallKind
    name: str
    provider: Provider = ""
    method: str = "POST"
    url: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    stream: bool = False
