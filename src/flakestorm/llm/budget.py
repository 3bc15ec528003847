"""What a run may spend on language models, shared by everything that asks one."""

from __future__ import annotations

from flakestorm.model.chat import LlmErrorKind
from flakestorm.model.errors import LlmError


class Budget:
    """Counts requests and tokens. Tokens are known after the fact, so the last answer may exceed them."""

    def __init__(self, most_calls: int, most_tokens: int) -> None:
        self.calls = 0
        self.tokens = 0
        self._most_calls = most_calls
        self._most_tokens = most_tokens

    def take_call(self) -> None:
        """Count one request that is about to be made. Raises ``LlmError`` when none is left."""
        if self.calls >= self._most_calls:
            raise LlmError(
                LlmErrorKind.BUDGET, f"the budget of {self._most_calls} calls is spent (model.budget_calls)"
            )
        if self.tokens >= self._most_tokens:
            raise LlmError(
                LlmErrorKind.BUDGET,
                f"the budget of {self._most_tokens} tokens is spent (model.budget_tokens)",
            )
        self.calls += 1

    def count(self, tokens: int) -> None:
        """Count what an answer cost."""
        self.tokens += tokens
