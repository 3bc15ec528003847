"""Agents that speak OpenAI's chat completions or Responses API; without the SDK, so without its retries."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

import orjson
from multidict import CIMultiDict
from yarl import URL

from flakestorm.agents.config import AgentConfig
from flakestorm.agents.http import HttpAgent
from flakestorm.agents.registry import agent_kind
from flakestorm.agents.reply_body import ReplyReader
from flakestorm.agents.reply_path import NoReply, as_json, reply_from_value
from flakestorm.agents.request_template import Fill

PATHS = {"chat": "chat/completions", "responses": "responses"}


class OpenAIParts:
    """Requests of the chat completions or the Responses API; each holds the whole conversation."""

    method = "POST"
    takes_messages = True

    def __init__(self, config: AgentConfig) -> None:
        self.headers: CIMultiDict[str] = CIMultiDict(config.headers)
        self.headers.setdefault("Accept", "application/json")
        self.headers.setdefault("Content-Type", "application/json")
        if config.api_key:
            self.headers.setdefault("Authorization", f"Bearer {config.api_key}")
        self._url = api_url(config.endpoint, config.api).update_query(config.query_params)
        self._chat = config.api == "chat"
        self._system = config.system_prompt
        self._session_field = config.session.field if config.session else None
        self._fixed: dict[str, Any] = {"model": config.model}
        if self._system is not None and not self._chat:
            self._fixed["instructions"] = self._system
        if config.stream == "sse":
            self._fixed["stream"] = True

    def url(self, fill: Fill) -> URL:  # noqa: ARG002 - the port passes it; this URL never changes
        """The API's URL."""
        return self._url

    def body(self, fill: Fill) -> bytes:
        """The JSON body for the conversation in ``fill``."""
        messages = fill.messages
        if self._chat and self._system is not None:
            messages = [{"role": "system", "content": self._system}, *messages]
        body = {**self._fixed, "messages" if self._chat else "input": messages}
        if self._session_field is not None:
            body[self._session_field] = fill.session
        try:
            return orjson.dumps(body)
        except TypeError:
            # Lone surrogates: the standard library writes them as escapes.
            return json.dumps(body).encode()


def api_url(endpoint: str, api: str) -> URL:
    """The URL of ``api`` (chat or responses) for an ``endpoint`` that is a base URL or the whole path."""
    url = URL(endpoint)
    path = PATHS[api]
    if url.path.rstrip("/").endswith(f"/{path}"):
        return url
    if url.path in {"", "/"}:
        path = f"v1/{path}"
    return url.with_path(f"{url.path.rstrip('/')}/{path}").with_query(url.query)


def chat_reply(value: Any) -> str:
    """The reply of a chat completion: its content, else the refusal, else the tool calls as JSON."""
    answer = _answer(value)
    choices = answer.get("choices")
    if not isinstance(choices, list) or not choices or not isinstance(choices[0], Mapping):
        raise NoReply("the completion has no choices")
    message = choices[0].get("message")
    if not isinstance(message, Mapping):
        raise NoReply("the completion's first choice has no message")
    content = _content_text(message.get("content"))
    if content:
        return content
    refusal = message.get("refusal")
    if isinstance(refusal, str) and refusal:
        return refusal
    calls = message.get("tool_calls")
    if isinstance(calls, list) and calls:
        return _calls_json(call.get("function") for call in calls if isinstance(call, Mapping))
    if content is None:
        raise NoReply("the completion's message has neither content nor refusal nor tool calls")
    return content


def responses_reply(value: Any) -> str:
    """The reply of a Responses object: its output texts and refusals, else the function calls as JSON."""
    answer = _answer(value)
    output = answer.get("output")
    if not isinstance(output, list):
        raise NoReply("the response has no output list")
    items = [item for item in output if isinstance(item, Mapping)]
    texts = [_content_text(item.get("content")) for item in items if item.get("type") == "message"]
    spoken = [text for text in texts if text is not None]
    if any(spoken):
        return "".join(spoken)
    calls = [item for item in items if item.get("type") == "function_call"]
    if calls:
        return _calls_json(calls)
    if not spoken:
        raise NoReply("the response's output has neither a message nor a function call")
    return ""


def _answer(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise NoReply(f"the API answered with {type(value).__name__} instead of an object")
    error = value.get("error")
    if error:
        message = error.get("message") if isinstance(error, Mapping) else error
        raise NoReply(f"the API answered with an error: {str(message)[:300]!r}")
    return value


def _content_text(content: Any) -> str | None:
    """A text, or the texts and refusals of a list of content parts; None where there is none."""
    if not isinstance(content, list):
        return content if isinstance(content, str) else None
    parts = [part for part in content if isinstance(part, Mapping)]
    held = [part.get("text", part.get("refusal")) for part in parts]
    texts = [text for text in held if isinstance(text, str)]
    return "".join(texts) if texts else None


def _calls_json(calls: Iterable[Any]) -> str:
    return as_json(
        [
            {"name": call.get("name"), "arguments": call.get("arguments")}
            for call in calls
            if isinstance(call, Mapping)
        ]
    )


@agent_kind("openai")
def openai_agent(config: AgentConfig) -> HttpAgent:
    """An agent that speaks an OpenAI API."""
    find: Callable[[Any], str] = chat_reply if config.api == "chat" else responses_reply
    if config.response_path is not None:
        find = partial(reply_from_value, path=config.response_path)
    reader = ReplyReader(
        config.max_reply_bytes, config.stream, find, path=config.response_path, json_only=True
    )
    return HttpAgent(config, OpenAIParts(config), reader)
