"""An attack: how the HTTP request that carries a golden prompt is disturbed, as a recipe of plain data.

A recipe of a few bytes stands for a body of 50 MB: what is sent is generated while it is sent. All bytes are
written as Latin-1 text (one character, one byte), so that they fit into JSON.
"""

from __future__ import annotations

from dataclasses import MISSING, dataclass, field, fields
from enum import Enum
from typing import Any


class Part(str, Enum):
    """A part of the ordinary request's body, to be put into another body."""

    NONE = ""
    WHOLE = "whole"
    UNTIL_PROMPT = "until_prompt"
    """Everything up to the end of the golden prompt."""
    AFTER_PROMPT = "after_prompt"
    UNTIL_BRACE = "until_brace"
    """Everything up to the first ``{``: what follows becomes further keys of the JSON object."""
    AFTER_BRACE = "after_brace"

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True, slots=True)
class Piece:
    """``text`` repeated ``times``, or a part of the ordinary body in its place.

    With ``numbered`` each ``#`` in ``text`` is the number of the repetition, from 0. ``charset`` is what
    a part is transcoded to.
    """

    text: str = ""
    times: int = 1
    numbered: bool = False
    part: Part = Part.NONE
    charset: str = ""


Stream = tuple[Piece, ...]
"""Bytes, as the pieces that follow each other."""


class Due(str, Enum):
    """What the server owes to this request."""

    ANSWER = "answer"
    """A valid, complete request: an answer in time."""
    ANSWER_OR_CLOSE = "answer_or_close"
    """Not valid HTTP, but all there: an answer, or the end of the connection, in time."""
    NOTHING = "nothing"
    """Incomplete, or cut off by the client: waiting for the rest is right."""

    def __str__(self) -> str:
        return self.value


class Then(str, Enum):
    """What the client does when everything is sent."""

    READ = "read"
    HALF_CLOSE = "half_close"
    """Says that it will send no more, and reads."""
    CLOSE = "close"
    RESET = "reset"
    IGNORE = "ignore"
    """Stays connected for ``hold_s`` without reading, then closes."""
    KEEP = "keep"
    """Reads the answer, and keeps the connection open for ``hold_s``."""

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True, slots=True)
class Framing:
    """How the length of the body is told.

    ``lengths`` are the values of ``Content-Length`` lines, in which ``{n}`` is the true length, ``{half}``
    half of it, ``{more}`` ten more and ``{x}`` the length in hexadecimal. ``codings`` are the values of
    ``Transfer-Encoding`` lines. With a ``chunk_line`` the body is sent in chunks of ``chunk_bytes``:
    ``{x}`` is the size in it, and ``last_chunk`` comes behind them.
    """

    lengths: tuple[str, ...] = ("{n}",)
    codings: tuple[str, ...] = ()
    chunk_line: str = ""
    chunk_end: str = "\r\n"
    chunk_bytes: int = 16384
    last_chunk: str = "0\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Timing:
    """When the bytes go out. All pauses are seconds.

    The head goes out in ``head_steps`` and the body in ``body_steps`` with ``pause_s`` between them.
    ``stop_at`` is the share (0–1) of the head or, above 1, of the body after which nothing more is sent:
    0.5 is the middle of the head, 1 its end, 1.5 the middle of the body, 2 everything.
    """

    head_steps: int = 1
    body_steps: int = 1
    pause_s: float = 0.0
    stop_at: float = 2.0
    then: Then = Then.READ
    hold_s: float = 0.0

    @property
    def seconds(self) -> float:
        """How long all pauses take together."""
        return (self.head_steps + self.body_steps - 2) * self.pause_s + self.hold_s


@dataclass(frozen=True, slots=True)
class Crowd:
    """How many clients send the request, ``rounds`` times ``copies`` at once with ``quiet_s`` between.

    With ``together`` each holds its last byte back until all are there. With ``marked`` each client's prompt
    has a marker of its own, which no other client must get to see.
    """

    copies: int = 1
    rounds: int = 1
    quiet_s: float = 0.0
    together: bool = False
    marked: bool = False


@dataclass(frozen=True, slots=True)
class Attack:
    """What differs from the ordinary request for the golden prompt; every default is "as usual".

    In ``target``, ``{target}`` is the path with its query, ``{path}`` the path and ``{origin}`` scheme,
    host and port. ``drop`` names (in lower case) ordinary header lines to leave out. ``headers`` are lines
    with their line ends. ``before`` and ``after`` surround the request on the connection, on which it is
    sent ``pipelined`` times. ``marker`` is a token planted in header lines that must not come back.
    """

    due: Due = Due.ANSWER
    method: str = ""
    target: str = "{target}"
    query: Stream = ()
    version: str = "HTTP/1.1"
    drop: tuple[str, ...] = ()
    headers: Stream = ()
    newline: str = "\r\n"
    framing: Framing = field(default_factory=Framing)
    body: Stream | None = None
    compression: tuple[str, ...] = ()
    before: Stream = ()
    after: Stream = ()
    pipelined: int = 1
    timing: Timing = field(default_factory=Timing)
    crowd: Crowd = field(default_factory=Crowd)
    marker: str = ""

    def to_dict(self) -> dict[str, Any]:
        """The JSON form: what differs from the ordinary request, and nothing else."""
        return _sparse(self)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Attack:
        """The attack that ``to_dict`` described. Raises ``TypeError`` or ``ValueError`` on another shape."""
        known = dict(data)
        for name in ("query", "headers", "before", "after", "body"):
            if name in known:
                known[name] = tuple(_piece(piece) for piece in known[name])
        for name in ("drop", "compression"):
            if name in known:
                known[name] = tuple(known[name])
        if "due" in known:
            known["due"] = Due(known["due"])
        if "framing" in known:
            known["framing"] = _framing(known["framing"])
        if "timing" in known:
            timing = known["timing"]
            known["timing"] = Timing(**{**timing, "then": Then(timing.get("then", Then.READ))})
        if "crowd" in known:
            known["crowd"] = Crowd(**known["crowd"])
        return cls(**known)


def _piece(data: dict[str, Any]) -> Piece:
    return Piece(**{**data, "part": Part(data.get("part", ""))})


def _framing(data: dict[str, Any]) -> Framing:
    known = dict(data)
    for name in ("lengths", "codings"):
        if name in known:
            known[name] = tuple(known[name])
    return Framing(**known)


def _sparse(value: Any) -> dict[str, Any]:
    """The fields of a dataclass that differ from their defaults, as JSON values."""
    found = {}
    for spec in fields(value):
        default = spec.default if spec.default_factory is MISSING else spec.default_factory()
        own = getattr(value, spec.name)
        if own != default:
            found[spec.name] = _plain(own)
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Enum):
        return value.value
    return _sparse(value) if hasattr(value, "__dataclass_fields__") else value
