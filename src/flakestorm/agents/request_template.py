"""The request template, read once, so that any prompt fits into the request without breaking it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple
from urllib.parse import quote_plus
from xml.sax.saxutils import escape

import orjson

from flakestorm.model.nearest import did_you_mean

PLACEHOLDER = re.compile(r"\{([^\W\d]\w*)\}")
"""Braces of JSON never match: a quote, a space or another brace follows them."""

LONGEST_KEY = 80
"""Of a "Key: value" line; what is longer is a sentence with a colon."""

JSON_SCALAR = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?|true|false|null")
RESERVED = frozenset({"prompt", "messages", "session"})

JSON, FORM, XML, TEXT = (
    "application/json",
    "application/x-www-form-urlencoded",
    "application/xml",
    "text/plain",
)
"""The formats that differ in how a text must be escaped, by the content type that is sent."""


class Unsendable(ValueError):
    """This prompt cannot be put into this request; the message is one line for people."""


class Fill(NamedTuple):
    """What fills a template: the text, the conversation as chat messages, and the session id."""

    text: str
    messages: Sequence[dict[str, str]] = ()
    session: str = ""


Encode = Callable[[str], bytes]
Slot = Callable[[Fill], bytes]


def json_string(text: str) -> bytes:
    """``text`` as a JSON string with its quotes; lone surrogates become escapes, which JSON allows."""
    try:
        return orjson.dumps(text)
    except TypeError:
        return json.dumps(text).encode()


def _inside_json_string(text: str) -> bytes:
    return json_string(text)[1:-1]


def _json_value(text: str) -> bytes:
    """A field outside of quotes: ``{"age": {age}}`` is meant to give a number where the text is one."""
    return text.encode() if JSON_SCALAR.fullmatch(text) else json_string(text)


def _form_value(text: str) -> bytes:
    return quote_plus(text, errors="strict").encode()


def _xml_text(text: str) -> bytes:
    return escape(text, {'"': "&quot;"}).encode()


ENCODERS: Mapping[str, Encode] = {FORM: _form_value, XML: _xml_text, TEXT: str.encode}


class RequestTemplate:
    """A compiled template.

    ``content_type`` is what the body is sent as unless the user's headers say otherwise, and
    ``names`` are the placeholders in it. ``structured`` turns "Key: value" lines of the prompt into fields.
    """

    def __init__(self, text: str, content_type: str = "", structured: bool = True) -> None:
        self.text = text
        self.content_type = _format_of(text, content_type)
        self.names = frozenset(PLACEHOLDER.findall(text))
        self._structured = structured
        self._pieces = list(self._compile())

    @property
    def has_prompt(self) -> bool:
        """Whether anything of the prompt gets into the request."""
        return bool(self.names & {"prompt", "messages"}) or (self._structured and bool(self.names - RESERVED))

    def fill(self, fill: Fill) -> bytes:
        """The body with every placeholder filled. Raises ``Unsendable``."""
        try:
            return b"".join([piece if type(piece) is bytes else piece(fill) for piece in self._pieces])  # type: ignore[operator]  # what is not bytes is a slot
        except UnicodeEncodeError as error:
            raise Unsendable(
                f"the prompt has the lone surrogate {error.object[error.start]!r} at {error.start}, "
                f"which {self.content_type} cannot carry"
            ) from None

    def _compile(self) -> Iterator[bytes | Slot]:
        done = 0
        for match, in_string in _placeholders(self.text):
            if match.start() > done:
                yield self.text[done : match.start()].encode()
            yield self._slot(match, in_string)
            done = match.end()
        if done < len(self.text):
            yield self.text[done:].encode()

    def _slot(self, match: re.Match[str], in_string: bool) -> Slot:
        name = match[1]
        whole = _inside_json_string if in_string else json_string
        encode = whole if self.content_type == JSON else ENCODERS[self.content_type]
        if name == "prompt":
            return lambda fill: encode(fill.text)
        if name == "session":
            return lambda fill: encode(fill.session)
        if name == "messages":
            if self.content_type == JSON and not in_string:
                return lambda fill: json.dumps(fill.messages).encode()
            return lambda fill: encode(json.dumps(fill.messages))
        bare = self.content_type == JSON and not in_string
        return self._field_slot(name, match[0].encode(), _json_value if bare else encode)

    def _field_slot(self, name: str, literal: bytes, encode: Encode) -> Slot:
        def slot(fill: Fill) -> bytes:
            fields = structured_fields(fill.text)
            if name in fields:
                return encode(fields[name])
            if not fields:
                # Without any field the prompt is not structured, and {name} is text (GraphQL, say).
                return literal
            raise Unsendable(
                f"the request template has {{{name}}}, which the prompt does not give"
                f"{did_you_mean(name, fields)} Its fields: {', '.join(fields)}. "
                f"To send {{{name}}} as text, set parse_structured_input: false"
            )

        return slot if self._structured else lambda _: literal


def structured_fields(text: str) -> dict[str, str]:
    """The "Key: value" lines of a prompt; keys in lower case, without punctuation, words joined by ``_``."""
    fields: dict[str, str] = {}
    for line in text.split("\n"):
        key, colon, value = line.partition(":")
        if not colon or len(key) > LONGEST_KEY or value.startswith("//"):
            continue
        name = "_".join(re.sub(r"[^\w\s]", "", key.lower()).split())
        if name:
            fields.setdefault(name, value.strip())
    return fields


def with_session_field(text: str, name: str, content_type: str) -> str:
    """The template with the session id as a top-level field. Raises ``ValueError`` where it has no place."""
    if "{session}" in text:
        return text
    kind = _format_of(text, content_type)
    if kind == FORM:
        return f"{quote_plus(name)}={{session}}" + (f"&{text}" if text else "")
    body = text.lstrip()
    if kind != JSON or not body.startswith("{"):
        raise ValueError(f"the request template is not a JSON object, so it cannot hold the field '{name}'")
    if name in json.loads(_sample(text)):
        raise ValueError(f"the request template already has '{name}'; write {{session}} there instead")
    rest = body[1:].lstrip()
    return f"{{{json.dumps(name)}: {{session}}{'' if rest.startswith('}') else ', '}{rest}"


def query_template(parameters: Mapping[str, str], structured: bool = True) -> RequestTemplate:
    """Query parameters as a template; braces in names are text, ``{prompt}`` in values is filled."""
    pairs = (f"{quote_plus(name)}={_quote_around(value)}" for name, value in parameters.items())
    return RequestTemplate("&".join(pairs), FORM, structured)


def _quote_around(value: str) -> str:
    """``value`` URL-encoded except for its placeholders."""
    parts = PLACEHOLDER.split(value)
    return "".join(f"{{{part}}}" if odd % 2 else quote_plus(part) for odd, part in enumerate(parts))


def _placeholders(text: str) -> Iterator[tuple[re.Match[str], bool]]:
    """Each placeholder, and whether it is between the quotes of a JSON string."""
    in_string = False
    position = 0
    while position < len(text):
        match = PLACEHOLDER.match(text, position) if text[position] == "{" else None
        if match:
            yield match, in_string
            position = match.end()
            continue
        if text[position] == "\\" and in_string:
            position += 1
        elif text[position] == '"':
            in_string = not in_string
        position += 1


def _sample(text: str) -> str:
    """``text`` with harmless values in place of its placeholders, to see whether it is JSON."""
    sample: list[str] = []
    done = 0
    for match, in_string in _placeholders(text):
        sample += [text[done : match.start()], "x" if in_string else "null"]
        done = match.end()
    return "".join([*sample, text[done:]])


def _format_of(text: str, content_type: str) -> str:
    media = content_type.split(";", maxsplit=1)[0].strip().lower()
    if media == FORM:
        return FORM
    if media.endswith(("/xml", "+xml")):
        return XML
    try:
        json.loads(_sample(text))
    except ValueError:
        return TEXT
    return JSON
