"""What the caller of a call got, decompressed where that is possible: evidence and usage."""

from __future__ import annotations

from flakestorm.chaos.gateway.codings import Decoder, Undecodable, decoder
from flakestorm.chaos.received import Received


class Evidence(Received):
    """``Received`` for a body in a content coding; what is in another one leaves no evidence."""

    def __init__(self, coding: str = "") -> None:
        super().__init__()
        self._decoder: Decoder | None
        try:
            self._decoder = decoder(coding)
        except Undecodable:
            self._decoder = None

    def add(self, data: bytes) -> None:
        """The caller got ``data``, as it is on the wire."""
        if self._decoder is None:
            return
        try:
            for piece in self._decoder.pieces(data):
                super().add(piece)
        except Undecodable:
            self._decoder = None
