"""Headers on their way through: which belong to one connection only, and which say whose call it is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeAlias

Raw: TypeAlias = tuple[tuple[bytes, bytes], ...]
"""Headers as they were on the wire: order, capital letters and repetitions kept."""

TRIAL_HEADER = "x-flakestorm-trial"
BAGGAGE_MEMBER = "flakestorm-trial"

HOP_BY_HOP = frozenset(
    {
        *(b"connection", b"keep-alive", b"proxy-connection", b"proxy-authenticate", b"proxy-authorization"),
        *(b"te", b"upgrade", b"http2-settings", b"transfer-encoding", b"expect"),
    }
)
_NOT_SENT_ON = HOP_BY_HOP | {b"host"}
_ALONE = frozenset({b"close", b"keep-alive", b""})
"""What a ``connection`` header may say without naming other headers."""
FRAMING = frozenset({b"content-length", b"content-encoding", b"transfer-encoding", b"trailer"})


def text(raw: Iterable[tuple[bytes, bytes]]) -> list[tuple[str, str]]:
    """``raw`` as text of which the same bytes can be made again."""
    return [
        (name.decode("utf-8", "surrogateescape"), value.decode("utf-8", "surrogateescape"))
        for name, value in raw
    ]


def octets(headers: Iterable[tuple[str, str]]) -> Raw:
    """Headers that somebody made up, as bytes; line breaks in them cannot begin another header."""
    return tuple((_line(name), _line(value)) for name, value in headers)


def for_upstream(raw: Raw, *, coding: str | None = None, resized: bool = False) -> list[tuple[bytes, bytes]]:
    """A request's headers as they are sent on, without ``host``, because the upstream has another one.

    ``coding`` replaces the value of ``accept-encoding``; ``resized`` leaves the body's length out.
    """
    kept: list[tuple[bytes, bytes]] = []
    named: set[bytes] = set()
    for name, value in raw:
        lowered = name.lower()
        if lowered in _NOT_SENT_ON:
            if lowered == b"connection":
                named |= _named(value)
            elif lowered == b"te" and value.strip().lower() == b"trailers":
                # Upstream sends trailers only to those who say that they take them, and they are passed on.
                kept += [(name, value), (b"Connection", b"TE")]
        elif lowered == b"accept-encoding" and coding is not None:
            kept.append((name, coding.encode()))
        elif not (resized and lowered == b"content-length"):
            kept.append((name, value))
    named -= {b"te", b"connection"}
    return [pair for pair in kept if pair[0].lower() not in named] if named else kept


def for_caller(raw: Raw) -> list[tuple[bytes, bytes]]:
    """An answer's headers as they are passed on untouched, framing included."""
    kept: list[tuple[bytes, bytes]] = []
    named: set[bytes] = set()
    for pair in raw:
        lowered = pair[0].lower()
        if lowered not in HOP_BY_HOP:
            kept.append(pair)
        elif lowered == b"connection":
            named |= _named(pair[1])
        elif lowered == b"transfer-encoding" and pair[1].strip().lower() == b"chunked":
            kept.append(pair)
    named.discard(b"transfer-encoding")
    return [pair for pair in kept if pair[0].lower() not in named] if named else kept


def without_framing(headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """What is left when the body becomes another one."""
    return [(name, value) for name, value in headers if name.lower() not in FRAMING]


def named_trial(headers: Mapping[str, str]) -> str:
    """The trial that the caller names, in a header of its own or in W3C baggage; "" where it names none.

    ``headers`` have lower-case names.
    """
    named = headers.get(TRIAL_HEADER, "").strip()
    baggage = "" if named else headers.get("baggage", "")
    for member in baggage.split(","):
        key, _, value = member.partition("=")
        if key.strip() == BAGGAGE_MEMBER:
            return value.partition(";")[0].strip()
    return named


def _named(connection: bytes) -> set[bytes]:
    """The headers that a ``connection`` header declares to be for one connection only."""
    return {part.strip().lower() for part in connection.split(b",")} - _ALONE


def _line(value: str) -> bytes:
    try:
        made = value.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        made = value.encode("utf-8", "replace")
    return b" ".join(made.replace(b"\0", b"").splitlines())
