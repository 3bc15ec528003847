"""An answer is whole or it is none: what every adapter checks before it hands a text on."""

from __future__ import annotations

from flakestorm.model.chat import Completion, LlmErrorKind
from flakestorm.model.errors import LlmError

CUT = frozenset({"length", "max_tokens", "model_context_window_exceeded"})
"""Why a text ended too early, in the words of the four APIs (lower case)."""
REFUSALS = frozenset(
    {"content_filter", "refusal", "safety", "recitation", "blocklist", "prohibited_content", "spii"}
)


def answer(of: tuple[str, str], text: str | None, tokens: int, reason: str | None) -> Completion:
    """The completion of provider and model ``of``; ``reason`` is why it ended, as the API says it.

    Raises ``LlmError`` for an answer that is empty, cut off, or withheld by the provider.
    """
    where = f"{of[0]} ({of[1]})"
    ended = (reason or "").lower()
    if ended in REFUSALS:
        raise LlmError(
            LlmErrorKind.REFUSED, f"{where}: the provider withheld the answer ({ended})", tokens=tokens
        )
    if ended in CUT:
        message = f"{where}: the answer was cut off ({ended}, {tokens} tokens)"
        raise LlmError(LlmErrorKind.BAD_REPLY, message, tokens=tokens)
    if not text or not text.strip():
        raise LlmError(
            LlmErrorKind.BAD_REPLY,
            f"{where}: the answer is empty ({ended or 'no reason given'})",
            tokens=tokens,
        )
    return Completion(text, tokens)
