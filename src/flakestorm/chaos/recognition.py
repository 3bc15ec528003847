"""Tells what an HTTP request is: a call to a language model, to a tool, or neither."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

import orjson

from flakestorm.chaos.request import CallRequest, Provider

_BY_PATH: tuple[tuple[str, Provider, bool], ...] = (
    ("/chat/completions", "openai", False),
    ("/v1/messages", "anthropic", False),
    # Paths that other servers use as well: these need a model in the body.
    ("/responses", "responses", True),
    ("/completions", "openai", True),
    ("/embeddings", "openai", True),
    ("/api/chat", "ollama", True),
    ("/api/generate", "ollama", True),
    ("/api/embed", "ollama", True),
    ("/api/embeddings", "ollama", True),
)
"""How the path ends, whose API that is, and whether the body has to name a model. The first one wins,
except that the longer of two endings is the better one."""

_ENDINGS = tuple(row[0] for row in _BY_PATH)
_GOOGLE = re.compile(
    r"/(?:models|tunedModels)/([^/:]+):"
    r"(generateContent|streamGenerateContent|embedContent|batchEmbedContents)$"
)
_OLLAMA_STREAMS = ("/api/chat", "/api/generate")
_DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class ToolPlace:
    """Where an HTTP tool is. ``names`` tells several tools behind one address apart.

    ``names`` has the name of each tool with a glob for the path below ``upstream``, and perhaps a method
    before it: ``{"orders": "/tools/orders/*", "refund": "POST /tools/refund"}``.
    """

    upstream: str
    names: Mapping[str, str] = field(default_factory=dict)


def recognised(
    method: str,
    url: str,
    headers: Mapping[str, str] | Iterable[tuple[str, str]],
    body: bytes,
    tools: Mapping[str, ToolPlace] | None = None,
) -> CallRequest:
    """The call that this request is; ``url`` is where it really goes.

    An address among ``tools`` makes it a tool call. Else its path decides: that of a provider's API makes it
    an LLM call, whatever the host is, because compatible servers and proxies have the same paths. The name of
    a call that is neither is its host.
    """
    pairs = headers.items() if isinstance(headers, Mapping) else headers
    lowered = {name.lower(): value for name, value in pairs}
    parts = urlsplit(url)
    found = tool_at(method, parts, tools or {})
    if found is not None:
        return CallRequest("tool", found, "", method, url, lowered, body)
    if method.upper() == "POST":
        llm = _llm(parts, body)
        if llm is not None:
            provider, model, stream = llm
            return CallRequest("llm", model, provider, method, url, lowered, body, stream)
    return CallRequest("http", parts.hostname or "", "", method, url, lowered, body)


def tool_at(method: str, url: SplitResult, tools: Mapping[str, ToolPlace]) -> str | None:
    """The name of the tool at ``url``, or None when no tool is there; the most specific place wins."""
    best: tuple[int, str] | None = None
    for key, place in tools.items():
        base = urlsplit(place.upstream)
        prefix = base.path.rstrip("/")
        if _origin(base) != _origin(url) or not (url.path == prefix or url.path.startswith(prefix + "/")):
            continue
        if best is None or len(prefix) > best[0]:
            best = len(prefix), tool_name(key, place, method, url.path[len(prefix) :])
    return None if best is None else best[1]


def tool_name(key: str, place: ToolPlace, method: str, path: str) -> str:
    """Which of the tools at ``place`` is meant by ``path``, the part behind the upstream's own path.

    Without ``names`` it is the last segment that does not look like an id, which is one with a digit in it.
    Where nothing says more, it is ``key``, the name of the place.
    """
    for name, pattern in place.names.items():
        verb, _, glob = pattern.rpartition(" ")
        if fnmatchcase(path or "/", glob) and verb.strip().upper() in ("", method.upper()):
            return name
    if place.names:
        return key
    fixed = [segment for segment in unquote(path).split("/") if segment and not re.search(r"\d", segment)]
    return fixed[-1] if fixed else key


def _origin(url: SplitResult) -> tuple[str, str | None, int | None]:
    return url.scheme, url.hostname, url.port or _DEFAULT_PORTS.get(url.scheme)


def _llm(url: SplitResult, body: bytes) -> tuple[Provider, str, bool] | None:
    """Provider, model, and whether the answer is to be streamed; None when it is not an LLM call."""
    path = url.path.rstrip("/")
    google = _GOOGLE.search(path)
    if google:
        return "google", unquote(google[1]), google[2] == "streamGenerateContent"
    if not path.endswith(_ENDINGS):
        return None
    ending = max((row for row in _BY_PATH if path.endswith(row[0])), key=lambda row: len(row[0]))
    said = _json_object(body)
    model = said.get("model")
    if not isinstance(model, str) or not model:
        if ending[2]:
            return None
        model = _deployment(path)
    streams_by_default = ending[0] in _OLLAMA_STREAMS
    return ending[1], model, said.get("stream", streams_by_default) is True


def _deployment(path: str) -> str:
    """Azure's addresses name the model: ``/openai/deployments/NAME/chat/completions``."""
    found = re.search(r"/deployments/([^/]+)/", path)
    return unquote(found[1]) if found else ""


def _json_object(body: bytes) -> dict[str, Any]:
    try:
        value = orjson.loads(body)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
