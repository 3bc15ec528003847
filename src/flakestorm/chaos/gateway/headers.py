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
FRAMING = frozenset({b"content-length", b"content-encoding", b"transfer-encoding", b"trailer"})


def text(raw: Iterable[tuple[bytes, bytes]]) -> list[tuple[str, str]]:
    """``raw`` as text of which the same bytes can be made again."""
    return [(name.decode("latin-1"), value.decode("latin-1")) for name, value in raw]


def octets(headers: Iterable[tuple[str, str]]) -> Raw:
    """Headers that somebody made up, as bytes; line breaks in them cannot begin another header."""
    return tuple((_line(name), _line(value)) for name, value in headers)


def for_upstream(raw: Raw, *, coding: str | None = None) -> list[tuple[str, str]]:
    """A request's headers as they are sent on; ``coding`` replaces the value of ``accept-encoding``.

    ``host`` is left out, because the upstream has another one. A name that is repeated in other letters gets
    the first one's, or else aiohttp would keep only the last.
    """
    dropped = HOP_BY_HOP | {b"host"} | _named_by_connection(raw)
    kept = []
    spelled: dict[bytes, str] = {}
    for name, value in raw:
        lowered = name.lower()
        if lowered == b"accept-encoding" and coding is not None:
            value = coding.encode()  # noqa: PLW2901 - the loop yields what is sent
        elif lowered == b"te" and value.strip().lower() == b"trailers":
            # Upstream sends trailers only to those who say that they take them, and they are passed on.
            kept += [("TE", "trailers"), ("Connection", "TE")]
            continue
        elif lowered in dropped:
            continue
        spelling = spelled.setdefault(lowered, name.decode("latin-1"))
        kept.append((spelling, value.decode("utf-8", "surrogateescape")))
    return kept


def for_caller(raw: Raw) -> list[tuple[bytes, bytes]]:
    """An answer's headers as they are passed on untouched, framing included."""
    dropped = HOP_BY_HOP | _named_by_connection(raw)
    return [
        (name, value)
        for name, value in raw
        if (lowered := name.lower()) not in dropped
        or (lowered == b"transfer-encoding" and value.strip().lower() == b"chunked")
    ]


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


def _named_by_connection(raw: Raw) -> frozenset[bytes]:
    for name, value in raw:
        if name.lower() == b"connection":
            named = b",".join(value for name, value in raw if name.lower() == b"connection")
            return frozenset(part.strip().lower() for part in named.split(b","))
    return frozenset()


def _line(value: str) -> bytes:
    try:
        made = value.encode("latin-1")
    except UnicodeEncodeError:
        made = value.encode("utf-8", "replace")
    return b" ".join(made.replace(b"\0", b"").splitlines())
