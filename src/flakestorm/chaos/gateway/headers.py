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
        *("connection", "keep-alive", "proxy-connection", "proxy-authenticate", "proxy-authorization"),
        *("te", "upgrade", "http2-settings", "transfer-encoding", "expect"),
    }
)
_NOT_SENT_ON = HOP_BY_HOP | {"host"}
_NOT_PASSED_ON = frozenset(name.encode() for name in HOP_BY_HOP)
_ALONE = frozenset({"close", "keep-alive", ""})
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


def for_upstream(headers: Iterable[tuple[str, str]], *, coding: str | None = None) -> list[tuple[str, str]]:
    """A request's headers as they are sent on; ``coding`` replaces the value of ``accept-encoding``.

    ``host`` is left out, because the upstream has another one. A name that is repeated in other letters gets
    the first one's, or else aiohttp would keep only the last.
    """
    kept: list[tuple[str, str]] = []
    spelled: dict[str, str] = {}
    named: set[str] = set()
    for name, value in headers:
        lowered = name.lower()
        if lowered in _NOT_SENT_ON:
            if lowered == "connection":
                named |= _named(value)
            elif lowered == "te" and value.strip().lower() == "trailers":
                # Upstream sends trailers only to those who say that they take them, and they are passed on.
                kept += [("TE", "trailers"), ("Connection", "TE")]
            continue
        if lowered == "accept-encoding" and coding is not None:
            value = coding  # noqa: PLW2901 - the loop yields what is sent
        kept.append((spelled.setdefault(lowered, name), value))
    named -= {"te", "connection"}
    return [pair for pair in kept if pair[0].lower() not in named] if named else kept


def for_caller(raw: Raw) -> list[tuple[bytes, bytes]]:
    """An answer's headers as they are passed on untouched, framing included."""
    kept: list[tuple[bytes, bytes]] = []
    named: set[str] = set()
    for pair in raw:
        lowered = pair[0].lower()
        if lowered not in _NOT_PASSED_ON:
            kept.append(pair)
        elif lowered == b"connection":
            named |= _named(pair[1].decode("latin-1"))
        elif lowered == b"transfer-encoding" and pair[1].strip().lower() == b"chunked":
            kept.append(pair)
    named.discard("transfer-encoding")
    return [pair for pair in kept if pair[0].decode("latin-1").lower() not in named] if named else kept


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


def _named(connection: str) -> set[str]:
    """The headers that a ``connection`` header declares to be for one connection only."""
    return {part.strip().lower() for part in connection.split(",")} - _ALONE


def _line(value: str) -> bytes:
    try:
        made = value.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        made = value.encode("utf-8", "replace")
    return b" ".join(made.replace(b"\0", b"").splitlines())
