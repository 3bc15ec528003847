"""Compressed bodies, unpacked as they are read: no more of one than somebody asks for."""

from __future__ import annotations

import zlib

from flakestorm.agents.transport_errors import AnswerFailed
from flakestorm.model.outcome import ErrorKind

ACCEPTED = "gzip, deflate"
AT_ONCE_BYTES = 1 << 18
GZIP_OR_ZLIB = 32 + zlib.MAX_WBITS
RAW = -zlib.MAX_WBITS
DEFLATE_METHOD = 8


class Decoder:
    """Unpacks gzip and deflate, with or without a zlib header; several gzip members follow each other."""

    def __init__(self) -> None:
        self._unpacking = zlib.decompressobj(GZIP_OR_ZLIB)
        self._packed = b""
        self._has_begun = False
        self._may_hold_more = False

    @property
    def is_spent(self) -> bool:
        """Whether everything fed so far was given."""
        return not self._packed and not self._may_hold_more

    def feed(self, data: bytes) -> None:
        """Bytes as they came; ``rest`` gives what is in them."""
        if not self._has_begun and data:
            self._has_begun = True
            # Some servers call a bare deflate stream by the name of the one in zlib's envelope.
            if data[0] != 0x1F and data[0] & 0x0F != DEFLATE_METHOD:
                self._unpacking = zlib.decompressobj(RAW)
        self._packed += data

    def rest(self) -> bytes:
        """The next unpacked bytes, none when more has to be fed. Raises ``AnswerFailed`` for damaged ones."""
        while not self.is_spent:
            if self._unpacking.eof:
                self._unpacking = zlib.decompressobj(GZIP_OR_ZLIB)
            try:
                piece = self._unpacking.decompress(self._packed, AT_ONCE_BYTES)
            except zlib.error:
                raise _damaged() from None
            self._packed = self._unpacking.unconsumed_tail or self._unpacking.unused_data
            self._may_hold_more = len(piece) == AT_ONCE_BYTES and not self._unpacking.eof
            if piece:
                return piece
        return b""

    def end(self) -> None:
        """The body is over. Raises ``AnswerFailed`` when the compressed data is not."""
        if self._has_begun and not self._unpacking.eof:
            raise _damaged()


def decoder_for(coding: str) -> Decoder | None:
    """What unpacks ``coding``, None where nothing is packed. Raises ``AnswerFailed`` for all others."""
    name = coding.strip().lower()
    if name in {"gzip", "x-gzip", "deflate"}:
        return Decoder()
    if name in {"", "identity"}:
        return None
    raise AnswerFailed(
        ErrorKind.BAD_REPLY, f"the body is encoded as {coding[:80]!r}; flakestorm asked for {ACCEPTED}"
    )


def _damaged() -> AnswerFailed:
    return AnswerFailed(ErrorKind.BAD_REPLY, "the body is not compressed as its content-encoding says")
