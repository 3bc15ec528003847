"""Keeps secrets out of cassettes: by value, by form, by name, and across the pieces of a stream."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache, partial
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlsplit

import orjson

from flakestorm.model.redaction import MARK, SHORTEST, Redactor
from flakestorm.replay.recorded_call import Answered, Asked

_FILL = "*"
_ANY_MARK = re.compile(rf"\[redac(?:t(?:e(?:d(?:\][•{re.escape(_FILL)}]*)?)?)?)?")
"""A mark of any length: shorter than the word where the secret was."""

SHORTEST_COOKIE = 8
"""Shorter cookies (a language, a flag) are words that stand elsewhere, too."""

_NAMES = (
    r"(?:x[-_]?)?(?:goog[-_]?)?api[-_]?key|(?:proxy[-_]?)?authorization|(?:set[-_]?)?cookie2?"
    r"|(?:access|refresh|id|auth|session|bearer|x[-_]?auth)[-_]?token|(?:client|shared)[-_]?secret|secret"
    r"|(?:secret|private|access)[-_]?(?:access[-_]?)?key|passw(?:or)?d|passphrase|pwd|credentials?"
)
SECRET_NAME = re.compile(rf"(?:{_NAMES}|\w*[-_](?:api[-_]?key|token|secret|password))", re.IGNORECASE)
"""Headers and fields whose whole value is secret."""

SECRET_QUERY = re.compile(
    rf"(?:{_NAMES}|key|token|code|sig|signature|x-amz-(?:signature|credential|security-token))", re.IGNORECASE
)
"""Parameters of a URL whose value is secret."""

_HINTS = ("key", "token", "secret", "passw", "passphrase", "pwd", "cookie", "authorization", "credential")
"""One of these is in the name of every such field; looking for them first is much cheaper."""

_FIELD = re.compile(
    rf'"(?:{SECRET_NAME.pattern})"\s*:\s*"(?P<value>(?:[^"\\]|\\.)+)"', re.IGNORECASE | re.DOTALL
)
_FIELD_INSIDE = re.compile(
    rf'(\\+)"(?:{SECRET_NAME.pattern})\1"\s*:\s*\1"(?P<value>(?:(?!\1")(?:\\.|[^"\\]))+)\1"',
    re.IGNORECASE | re.DOTALL,
)
"""The same in a text of JSON that is a value itself, as the arguments of a tool call are."""
_LONE_TOKEN = re.compile(r'(\\*)"token\1"\s*:\s*\1"(?P<value>[^"\\\s]{16,}?)\1"', re.IGNORECASE)
"""A token that is one, and no piece of a word: models tell those under the same name."""
_IN_QUERY = re.compile(rf"[?&](?:{SECRET_QUERY.pattern})=(?P<value>[^&\s\"'<>\\#]+)", re.IGNORECASE)
_PASSWORD = re.compile(r"://[^/\s:@\"'\\]*:(?P<value>[^/\s@\"'\\]+)@")
_PIECE = re.compile(
    r'"(?P<name>content|text|arguments|partial_json|delta|thinking|reasoning_content|response|refusal)"'
    r'\s*:\s*"(?P<value>(?:[^"\\]|\\.)*)"'
)
"""Where streams have the pieces of one text."""


class Hush:
    """What must not be written. ``learn`` from each request before anything is made of it.

    ``secrets`` are known values. The replacements in answers are as long as what they replace, so that chunks
    keep their boundaries. ``count`` is how many places were blotted out.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._values: set[str] = set()
        self._redact: Redactor | None = None
        self.count = 0
        for secret in secrets:
            self._know(secret)

    def learn(self, asked: Asked) -> None:
        """Remember the secrets that ``asked`` carries in its headers and its address."""
        for name, value in asked.headers.items():
            if _is_secret(name):
                for secret in _carried(name, value):
                    self._know(secret)
        if "?" not in asked.url and "@" not in asked.url:
            return
        try:
            parts = urlsplit(asked.url)
        except ValueError:
            return
        for secret in (parts.password or "", *_query_secrets(parts.query)):
            self._know(unquote(secret))

    def text(self, text: str) -> str:
        """``text`` without secrets; each is one mark, however long it was."""
        clean = self._blotted(text, _marked)
        return _ANY_MARK.sub(MARK, clean) if MARK[:SHORTEST] in clean else clean

    def json(self, text: str) -> str:
        """``text``, which is JSON, without secrets and still JSON."""
        clean = self.text(text)
        if clean == text:
            return text
        try:
            orjson.loads(clean)
        except ValueError:
            # A secret may hold what JSON is made of.
            return orjson.dumps(self._inside(orjson.loads(text))).decode()
        return clean

    def answer(self, answered: Answered) -> Answered:
        """``answered`` without secrets in headers and chunks."""
        headers = tuple(
            (name, MARK if _is_secret(name) else self.text(value)) for name, value in answered.headers
        )
        body = answered.body
        clean = self._body(body)
        if clean == body and headers == answered.headers:
            return answered
        chunks, start = [], 0
        for at_ms, data in answered.chunks:
            chunks.append((at_ms, clean[start : start + len(data)]))
            start += len(data)
        return Answered(answered.status, headers, tuple(chunks), answered.latency_ms, answered.ended)

    def _inside(self, value: Any) -> Any:
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list):
            return [self._inside(item) for item in value]
        if isinstance(value, dict):
            return {self.text(key): self._inside(item) for key, item in value.items()}
        return value

    def _body(self, body: bytes) -> bytes:
        # Latin-1 has a character for each byte, so that nothing moves.
        text = body.decode("latin-1")
        whole = self._blotted(text, _blotted_as_long)
        return (
            _rejoined(whole, partial(self._blotted, as_=_blotted_as_long))
            .replace("•", _FILL)
            .encode("latin-1", "replace")
        )

    def _blotted(self, text: str, as_: Callable[[re.Match[str]], str]) -> str:
        # Another thread may learn of a secret in between.
        redact = self._redact
        if redact is None:
            redact = self._redact = Redactor(self._values)
        clean = redact(text)
        lowered = clean.lower()
        if any(hint in lowered for hint in _HINTS):
            for pattern in (_FIELD, _FIELD_INSIDE, _LONE_TOKEN):
                clean = pattern.sub(as_, clean)
        if "=" in clean:
            clean = _IN_QUERY.sub(as_, clean)
        if "://" in clean and "@" in clean:
            clean = _PASSWORD.sub(as_, clean)
        if clean != text:
            self.count += 1
        return clean

    def _know(self, secret: str) -> None:
        if len(secret.strip()) < SHORTEST or secret in self._values:
            return
        self._redact = None
        in_json = json.dumps(secret)[1:-1]
        octets = secret.encode("utf-8", "surrogateescape")
        # A new set: another thread may be reading the old one.
        self._values = self._values | {
            secret,
            in_json,
            in_json.replace("/", "\\/"),
            json.dumps(secret, ensure_ascii=False)[1:-1],
            quote(secret, safe=""),
            octets.decode("latin-1"),
            base64.b64encode(octets).decode(),
        }


@lru_cache(maxsize=512)
def _is_secret(header: str) -> bool:
    return SECRET_NAME.fullmatch(header) is not None


def _carried(name: str, value: str) -> list[str]:
    """The secrets in the header ``name``."""
    if "cookie" in name:
        values = [part.partition("=")[2].strip() for part in value.split(";")]
        return [cookie for cookie in values if len(cookie) >= SHORTEST_COOKIE]
    scheme, _, rest = value.partition(" ")
    rest = rest.strip()
    if not rest:
        return [value]
    if scheme.lower() != "basic":
        return [rest]
    try:
        decoded = base64.b64decode(rest).decode("utf-8", "replace")
    except ValueError:
        return [rest]
    return [rest, decoded, decoded.partition(":")[2]]


def _query_secrets(query: str) -> list[str]:
    return [value for name, value in parse_qsl(query) if SECRET_QUERY.fullmatch(name)]


def _blotted_as_long(match: re.Match[str]) -> str:
    length = len(match["value"])
    return _with_value(match, MARK.ljust(length, _FILL)[:length])


def _marked(match: re.Match[str]) -> str:
    return _with_value(match, MARK)


def _with_value(match: re.Match[str], value: str) -> str:
    start, end = match.span("value")
    return match.string[match.start() : start] + value + match.string[end : match.end()]


def _rejoined(text: str, blotted: Callable[[str], str]) -> str:
    """``text`` without secrets that are spread over the pieces of a stream, such as a text's words."""
    pieces: dict[str, list[tuple[int, int]]] = {}
    for match in _PIECE.finditer(text):
        pieces.setdefault(match["name"], []).append(match.span("value"))
    changes: dict[int, str] = {}
    for spans in pieces.values():
        if len(spans) < 2:
            continue
        whole = "".join(text[start:end] for start, end in spans)
        clean = blotted(whole)
        if clean == whole:
            continue
        at = 0
        for start, end in spans:
            changes[start] = clean[at : at + end - start]
            at += end - start
    for start, piece in changes.items():
        text = text[:start] + piece + text[start + len(piece) :]
    return text


def named_secrets(variables: Mapping[str, str]) -> set[str]:
    """The values of environment variables whose names say that they are secrets."""
    name = re.compile(
        r"(?i)(?:^|_)(?:api_?key|access_?key|secret|token|passw(?:or)?d|passphrase|pat)(?:_|$)|_key$"
    )
    return {
        value
        for key, value in variables.items()
        if name.search(key) and len(value) >= SHORTEST_COOKIE and not value.startswith(("/", "http"))
    }
