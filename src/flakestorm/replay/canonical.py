"""The canonical form of a call: equal for calls that mean the same, and without what changes each time."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from hashlib import blake2b
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import orjson

from flakestorm.replay.hushing import SECRET_QUERY
from flakestorm.replay.recorded_call import Asked

_NOISE = frozenset(
    {
        *("requestid", "clientrequestid", "xrequestid", "correlationid", "idempotencykey"),
        *("traceid", "spanid", "traceparent", "tracestate"),
    }
)
"""Fields whose values are made anew for each request (in lower case, without - and _)."""

_LLM_NOISE = frozenset({"user", "metadata", "safety_identifier", "prompt_cache_key"})
"""Fields of LLM requests that say on whose behalf they are made, and change nothing else."""

_VERSION = re.compile(r"v\d\w*")
_BOUNDARY = re.compile(r'boundary="?([^";,\s]+)')
_PASSING = re.compile(
    r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}"
    r"|\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?"
    r"|\b\d\d?:\d\d(?::\d\d)?\b"
    r"|\b(?:Mon|Tues?|Wed(?:nes)?|Thu(?:rs)?|Fri|Sat(?:ur)?|Sun)(?:day)?\b"
    r"|\b(?:\d\d? )?(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?"
    r"|Sep(?:tember)?|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)\.? \d\d?,? \d{4}\b"
    r"|\b1[6-9]\d{8}(?:\d{3})?\b"
)
"""Random ids, dates and times, as they stand in prompts."""


def canonical(asked: Asked) -> dict[str, Any]:
    """``asked`` as plain data: equal calls are equal, whatever server they went to.

    An LLM call is known by its provider, the end of its path and its body, and a tool call by its name, path
    and body; of other calls the host counts as well. Secrets of the address are left out.
    """
    parts = urlsplit(asked.url)
    form: dict[str, Any] = {"kind": asked.kind, "name": asked.name, "method": asked.method.upper()}
    if asked.provider:
        form["provider"] = asked.provider
    form["path"] = _ending(parts.path) if asked.kind == "llm" else parts.path
    if parts.scheme == "python":
        form["path"] = parts.path or parts.netloc
    query = sorted(
        (name, value)
        for name, value in parse_qsl(parts.query, keep_blank_values=True)
        if not SECRET_QUERY.fullmatch(name)
    )
    if query:
        form["query"] = query
    if asked.body:
        form["body"] = _body(asked)
    return form


def canonical_text(asked: Asked) -> str:
    """The same as one line of JSON."""
    form = canonical(asked)
    try:
        return orjson.dumps(form, option=orjson.OPT_SORT_KEYS).decode()
    except TypeError:
        # Addresses may hold bytes that are no characters, which orjson does not write.
        return json.dumps(form, sort_keys=True, separators=(",", ":"))


def key_of(text: str) -> str:
    """The digest of a canonical text."""
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()


def loosely(text: str) -> str:
    """A canonical text without random ids, dates and times."""
    return _PASSING.sub("~", text)


def _ending(path: str) -> str:
    """The last two segments without a version: what the API is called, wherever it is."""
    segments = [part for part in path.split("/") if part][-2:]
    return "/" + "/".join(part for part in segments if not _VERSION.fullmatch(part))


def _body(asked: Asked) -> Any:
    try:
        return _without_noise(orjson.loads(asked.body), _LLM_NOISE if asked.kind == "llm" else frozenset())
    except (ValueError, RecursionError):
        pass
    kind = asked.headers.get("content-type", "")
    body = asked.body
    boundary = _BOUNDARY.search(kind) if kind.startswith("multipart/") else None
    if boundary is not None:
        body = body.replace(boundary[1].encode("utf-8", "replace"), b"boundary")
    try:
        text = body.decode()
    except ValueError:
        return {"bytes": len(body), "digest": blake2b(body, digest_size=12).hexdigest()}
    if kind.startswith("application/x-www-form-urlencoded"):
        pairs = parse_qsl(text, keep_blank_values=True)
        return {"form": sorted((name, value) for name, value in pairs if not SECRET_QUERY.fullmatch(name))}
    return text


def _without_noise(value: Any, top: frozenset[str] = frozenset()) -> Any:
    if isinstance(value, Mapping):
        return {
            key: _without_noise(item)
            for key, item in value.items()
            if key not in top and key.replace("-", "").replace("_", "").lower() not in _NOISE
        }
    if isinstance(value, list):
        return [_without_noise(item) for item in value]
    return value
