"""Content codings: compressed bodies have to be read before they can be changed or kept as evidence."""

from __future__ import annotations

import zlib
from typing import Protocol

READABLE = ("gzip", "x-gzip", "deflate")
_ZLIB_OR_GZIP = 32 + zlib.MAX_WBITS
_RAW = -zlib.MAX_WBITS
MOST_AT_ONCE = 1 << 20
"""Bytes that one piece may grow to at a time: a bomb must not fill the memory of whoever only looks on."""


class Undecodable(Exception):
    """The body is not what its content coding says, or the coding is unknown here."""


class Decoder(Protocol):
    """Reads a compressed body piece by piece."""

    def feed(self, data: bytes, limit: int = 0) -> bytes:
        """What ``data`` adds, ``limit`` bytes at most (0: all). Raises ``Undecodable``."""
        ...


class Identity:
    """The body is not compressed."""

    def feed(self, data: bytes, limit: int = 0) -> bytes:
        """``data`` itself."""
        return data[:limit] if limit else data


class Zlib:
    """gzip and deflate; a deflate body without a zlib header, which some servers send, is read as well."""

    def __init__(self) -> None:
        self._inner = zlib.decompressobj(_ZLIB_OR_GZIP)
        self._begun = False

    def feed(self, data: bytes, limit: int = 0) -> bytes:
        """See ``Decoder``."""
        try:
            made = self._inner.decompress(data, limit)
        except zlib.error as error:
            if self._begun:
                raise Undecodable(f"the compressed body is damaged: {error}") from None
            self._inner = zlib.decompressobj(_RAW)
            self._begun = True
            return self.feed(data, limit)
        self._begun = self._begun or bool(made)
        if self._inner.eof and self._inner.unused_data:
            # A gzip file may have several members, one after the other.
            rest = self._inner.unused_data
            self._inner = zlib.decompressobj(_ZLIB_OR_GZIP)
            made += self.feed(rest, limit)
        return made


def decoder(coding: str) -> Decoder:
    """For the value of a ``content-encoding`` header. Raises ``Undecodable`` where there is none for it."""
    name = coding.strip().lower()
    if name in ("", "identity"):
        return Identity()
    if name in READABLE:
        return Zlib()
    raise Undecodable(f"content-encoding '{coding}' cannot be read here; readable: {', '.join(READABLE)}")


def only_readable(accepted: str) -> str:
    """The value of ``accept-encoding`` without the codings that cannot be read here."""
    kept = [part.strip() for part in accepted.split(",") if _name(part) in (*READABLE, "identity")]
    return ", ".join(kept) or "identity"


def _name(part: str) -> str:
    return part.partition(";")[0].strip().lower()
