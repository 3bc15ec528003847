"""How a prompt travels to an HTTP agent, written down so that a report can show how to repeat a request."""

from __future__ import annotations

from flakestorm.agents.config import HTTP_KINDS, AgentConfig
from flakestorm.agents.conversation import messages
from flakestorm.agents.openai import OpenAIParts
from flakestorm.agents.request_parts import RequestParts
from flakestorm.agents.request_template import Fill
from flakestorm.model.run import RequestShape

PROMPT = "{prompt}"
ENCODED_PROMPT = "%7Bprompt%7D"


def request_shape(config: AgentConfig) -> RequestShape | None:
    """The request for a prompt that reads ``{prompt}``; None where the agent is not reached over HTTP.

    Header values are as configured: whoever shows them redacts what came from the environment.
    """
    if config.type not in HTTP_KINDS:
        return None
    parts = OpenAIParts(config) if config.type == "openai" else RequestParts(config)
    body = parts.body(Fill(PROMPT, messages((PROMPT,)), "{session}")) or b""
    return RequestShape(
        method=parts.method,
        headers=tuple(parts.headers.items()),
        body=body.decode().replace(ENCODED_PROMPT, PROMPT),
    )
