"""Gemini models behind Google's generateContent API."""

from __future__ import annotations

import aiohttp

from flakestorm.llm.answers import answer
from flakestorm.llm.port import NO_KEY, Connection
from flakestorm.llm.translation import translated
from flakestorm.model.chat import Completion
from flakestorm.model.errors import MissingExtra


class GoogleProvider:
    """One model. To be made while an event loop is running."""

    def __init__(self, connection: Connection) -> None:
        try:
            from google import genai
            from google.genai import types
        except ImportError:
            raise MissingExtra("google-genai", "google", "model.provider 'google'") from None
        self._of = (connection.provider, connection.model)
        self._types = types
        # A session of our own, so that it is closed when we say so.
        self._session = aiohttp.ClientSession(trust_env=True)
        self._client = genai.Client(
            api_key=connection.api_key or NO_KEY,
            vertexai=False,
            http_options=types.HttpOptions(
                base_url=connection.base_url,
                timeout=round(connection.timeout_s * 1000),
                retry_options=types.HttpRetryOptions(attempts=1),
                aiohttp_client=self._session,
            ),
        )

    async def complete(
        self, system: str, user: str, *, temperature: float, max_tokens: int, seed: int
    ) -> Completion:
        """One request of ``generateContent``."""
        config = self._types.GenerateContentConfig(
            system_instruction=system,
            temperature=temperature,
            max_output_tokens=max_tokens,
            seed=seed,
            automatic_function_calling=self._types.AutomaticFunctionCallingConfig(disable=True),
        )
        with translated(*self._of):
            reply = await self._client.aio.models.generate_content(
                model=self._of[1], contents=user, config=config
            )
            usage = reply.usage_metadata
            tokens = (usage.total_token_count if usage else None) or 0
            first = reply.candidates[0] if reply.candidates else None
            if first is None:
                blocked = reply.prompt_feedback.block_reason if reply.prompt_feedback else None
                return answer(self._of, None, tokens, blocked and blocked.value)
            reason = first.finish_reason
            return answer(self._of, reply.text, tokens, reason and reason.value)

    async def aclose(self) -> None:
        """Close its connections."""
        await self._client.aio.aclose()
        await self._session.close()
