"""Models that Ollama runs, on this machine or another."""

from __future__ import annotations

from flakestorm.llm.answers import answer
from flakestorm.llm.port import Connection
from flakestorm.llm.translation import translated
from flakestorm.model.chat import Completion
from flakestorm.model.errors import MissingExtra


class OllamaProvider:
    """One model."""

    def __init__(self, connection: Connection) -> None:
        try:
            import ollama
        except ImportError:
            raise MissingExtra("ollama", "ollama", "model.provider 'ollama'") from None
        self._of = (connection.provider, connection.model)
        headers = {"Authorization": f"Bearer {connection.api_key}"} if connection.api_key else None
        self._client = ollama.AsyncClient(connection.base_url, timeout=connection.timeout_s, headers=headers)

    async def complete(
        self, system: str, user: str, *, temperature: float, max_tokens: int, seed: int
    ) -> Completion:
        """One request of Ollama's chat API."""
        with translated(*self._of):
            reply = await self._client.chat(
                model=self._of[1],
                messages=[{"role": "system", "content": system}, {"role": "user", "content": user}],
                options={"temperature": temperature, "num_predict": max_tokens, "seed": seed},
            )
            tokens = (reply.prompt_eval_count or 0) + (reply.eval_count or 0)
            return answer(self._of, reply.message.content, tokens, reply.done_reason)

    async def aclose(self) -> None:
        """Close its connections."""
        await self._client.close()  # type: ignore[no-untyped-call] # the SDK forgot the annotation
