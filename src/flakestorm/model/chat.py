"""What mutations and invariants need of a language model: one question, one answer."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from enum import Enum
from typing import Any, Protocol

_FENCED = re.compile(r"```(?:json)?[ \t]*\n(.*?)\n?[ \t]*```", re.DOTALL | re.IGNORECASE)


class LlmErrorKind(str, Enum):
    """Why a language model gave no usable answer."""

    AUTH = "auth"
    """No key, or not the right one."""
    RATE_LIMIT = "rate_limit"
    """Too many requests; later it may work."""
    TIMEOUT = "timeout"
    """No answer in time."""
    UNAVAILABLE = "unavailable"
    """Nothing answers, the connection was lost, or the server has a fault of its own."""
    BAD_REPLY = "bad_reply"
    """Something came back, but not an answer: not the API's JSON, empty, or cut off."""
    REFUSED = "refused"
    """The provider does not accept the request: unknown model, too long, against its policy."""
    ADJUSTED = "adjusted"
    """The model does not know one of the parameters; the next request leaves it out."""
    BUDGET = "budget"
    """The calls or tokens that the run may use are spent."""

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True, slots=True)
class Completion:
    """An answer. ``tokens`` is what it cost, question included; 0 where the provider does not say."""

    text: str
    tokens: int = 0


class ChatClient(Protocol):
    """A language model that can be asked. Each question stands alone: there is no conversation."""

    async def complete(
        self, system: str, user: str, *, temperature: float, max_tokens: int, seed: int
    ) -> Completion:
        """The answer to ``user`` under the instructions ``system``; ``max_tokens`` bounds its length.

        Another ``seed`` asks for another answer. Raises ``LlmError`` when there is no usable one.
        """
        ...


def json_of(text: str) -> Any:
    """The value of an answer that is nothing but JSON, with or without a Markdown fence around it.

    Raises ``ValueError`` for anything else: an answer is never searched for something that looks right.
    """
    stripped = text.strip()
    fenced = _FENCED.fullmatch(stripped)
    try:
        return json.loads(fenced[1] if fenced else stripped)
    except RecursionError:
        raise ValueError("nested too deeply") from None
