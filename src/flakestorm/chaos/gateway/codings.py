"""Content codings: compressed bodies have to be read before they can be changed or kept as evidence."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

READABLE = ("gzip", "x-gzip", "deflate")
_ZLIB_OR_GZIP = 32 + zlib.MAX_WBITS
_RAW = -zlib.MAX_WBITS
MOST_AT_ONCE = 1 << 20
"""A bomb must not fill the memory of whoever only looks on."""


class Undecodable(Exception):
    """The body is not what its content coding says, or the coding is unknown here."""


class Decoder:
    """Reads a body piece by piece; this one a body that is not compressed."""

    def pieces(self, data: bytes) -> Iterator[bytes]:
        """What ``data`` adds, about a megabyte at a time. Raises ``Undecodable``."""
        yield data

    def feed(self, data: bytes) -> bytes:
        """All that ``data`` adds. Raises ``Undecodable``."""
        return b"".join(self.pieces(data))


class Zlib(Decoder):
    """gzip and deflate; a deflate body without a zlib header, which some servers send, is read as well."""

    def __init__(self) -> None:
        self._inner = zlib.decompressobj(_ZLIB_OR_GZIP)
        self._first = b""
        self._begun = False

    def pieces(self, data: bytes) -> Iterator[bytes]:
        """See ``Decoder``."""
        if not self._begun:
            data = self._first + data
            if len(data) < 2:
                self._first = data
                return
            self._begun = True
            if not _has_header(data):
                self._inner = zlib.decompressobj(_RAW)
        while data:
            try:
                yield self._inner.decompress(data, MOST_AT_ONCE)
            except zlib.error as error:
                raise Undecodable(f"the compressed body is damaged: {error}") from None
            data = self._inner.unconsumed_tail
            if self._inner.eof and self._inner.unused_data:
                # A gzip file may have several members, one after the other.
                data = self._inner.unused_data
                self._inner = zlib.decompressobj(_ZLIB_OR_GZIP)


def _has_header(data: bytes) -> bool:
    """Whether a body begins as gzip (RFC 1952) or zlib (RFC 1950) do."""
    return data[:2] == b"\x1f\x8b" or (data[0] & 15 == 8 and (data[0] << 8 | data[1]) % 31 == 0)


def decoder(coding: str) -> Decoder:
    """For the value of a ``content-encoding`` header. Raises ``Undecodable`` where there is none for it."""
    name = coding.strip().lower()
    if name in ("", "identity"):
        return Decoder()
    if name in READABLE:
        return Zlib()
    raise Undecodable(f"content-encoding '{coding}' cannot be read here; readable: {', '.join(READABLE)}")


def only_readable(accepted: str) -> str:
    """The value of ``accept-encoding`` without the codings that cannot be read here."""
    kept = [part.strip() for part in accepted.split(",") if _name(part) in (*READABLE, "identity")]
    return ", ".join(kept) or "identity"


def _name(part: str) -> str:
    return part.partition(";")[0].strip().lower()
