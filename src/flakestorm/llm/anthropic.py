"""Models behind Anthropic's Messages API."""

from __future__ import annotations

from flakestorm.llm.answers import answer
from flakestorm.llm.port import NO_KEY, Connection
from flakestorm.llm.translation import translated
from flakestorm.model.chat import Completion
from flakestorm.model.errors import MissingExtra


class AnthropicProvider:
    """One model. The API takes no temperature (since version 2026-10-21) and no seed."""

    def __init__(self, connection: Connection) -> None:
        try:
            import anthropic
        except ImportError:
            raise MissingExtra("anthropic", "anthropic", "model.provider 'anthropic'") from None
        self._of = (connection.provider, connection.model)
        # A key is always given: without one, the SDK would look for profiles on the disk.
        self._client = anthropic.AsyncAnthropic(
            api_key=connection.api_key or NO_KEY,
            base_url=connection.base_url,
            timeout=connection.timeout_s,
            max_retries=0,
        )

    async def complete(
        self,
        system: str,
        user: str,
        *,
        temperature: float,  # noqa: ARG002 - the port has it, the API has not
        max_tokens: int,
        seed: int,  # noqa: ARG002 - the same
    ) -> Completion:
        """One request of the Messages API."""
        with translated(*self._of):
            reply = await self._client.messages.create(
                model=self._of[1],
                system=system,
                messages=[{"role": "user", "content": user}],
                max_tokens=max_tokens,
            )
            text = "".join(block.text for block in reply.content if block.type == "text")
            tokens = reply.usage.input_tokens + reply.usage.output_tokens
            return answer(self._of, text, tokens, reply.stop_reason)

    async def aclose(self) -> None:
        """Close its connections."""
        await self._client.close()
