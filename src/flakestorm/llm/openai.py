"""Models behind OpenAI's chat completions API, at OpenAI or at any server that speaks it."""

from __future__ import annotations

from typing import Any

from flakestorm.llm.answers import answer
from flakestorm.llm.port import NO_KEY, Connection
from flakestorm.llm.translation import translated
from flakestorm.model.chat import Completion, LlmErrorKind
from flakestorm.model.errors import LlmError, MissingExtra

LENGTHS = ("max_completion_tokens", "max_tokens")
"""The name that OpenAI's reasoning models insist on, and the one that other servers know."""


class OpenAIProvider:
    """One model. It learns which optional parameters the model does not take."""

    def __init__(self, connection: Connection) -> None:
        try:
            import openai
        except ImportError:
            raise MissingExtra("openai", "openai", "model.provider 'openai'") from None
        self._of = (connection.provider, connection.model)
        self._rejection = openai.BadRequestError
        self._not_taken: set[str] = set()
        self._lengths = LENGTHS if connection.base_url is None else LENGTHS[::-1]
        self._client = openai.AsyncOpenAI(
            api_key=connection.api_key or NO_KEY,
            base_url=connection.base_url,
            timeout=connection.timeout_s,
            max_retries=0,
        )

    async def complete(
        self, system: str, user: str, *, temperature: float, max_tokens: int, seed: int
    ) -> Completion:
        """One request of the chat completions API."""
        optional = self._optional(temperature, max_tokens, seed)
        messages: Any = [{"role": "system", "content": system}, {"role": "user", "content": user}]
        with translated(*self._of):
            try:
                reply = await self._client.chat.completions.create(
                    model=self._of[1], messages=messages, **optional
                )
            except self._rejection as error:
                if error.param not in optional:
                    raise
                self._not_taken.add(error.param)
                message = f"{self._of[1]} does not take '{error.param}'"
                raise LlmError(LlmErrorKind.ADJUSTED, message) from error
            choice = reply.choices[0]
            tokens = reply.usage.total_tokens if reply.usage else 0
            return answer(self._of, choice.message.content, tokens, choice.finish_reason)

    def _optional(self, temperature: float, max_tokens: int, seed: int) -> dict[str, Any]:
        values: dict[str, Any] = {"temperature": temperature, "seed": seed}
        values |= {name: max_tokens for name in self._lengths if name not in self._not_taken}
        # One name for the length at a time: servers that know both accept only one.
        for spare in [name for name in self._lengths if name in values][1:]:
            del values[spare]
        return {name: value for name, value in values.items() if name not in self._not_taken}

    async def aclose(self) -> None:
        """Close its connections."""
        await self._client.close()
