"""Recipes to bytes: bodies of any size as blocks, compressed and cut into chunks as they flow."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator

from flakestorm.agents.wire.golden_request import GoldenRequest
from flakestorm.model.attack import Framing, Piece, Stream

BLOCK = 1 << 16
"""Bytes that are made at once: large bodies never exist as a whole."""

WINDOW_BITS = {"gzip": 31, "deflate": 15}


def blocks(stream: Stream, golden: GoldenRequest) -> Iterator[bytes]:
    """The bytes of ``stream`` in blocks of about ``BLOCK`` bytes or less."""
    for piece in stream:
        yield from _numbered(piece) if piece.numbered else _repeated(piece, golden)


def compressed(source: Iterable[bytes], codings: Iterable[str]) -> Iterator[bytes]:
    """``source`` compressed with each of ``codings`` (gzip or deflate), the first one first."""
    flow = iter(source)
    for coding in codings:
        flow = _deflated(flow, WINDOW_BITS[coding])
    return flow


def chunked(source: Iterable[bytes], framing: Framing) -> Iterator[bytes]:
    """``source`` in chunks as ``framing`` writes them; without a ``chunk_line`` as it is."""
    if not framing.chunk_line:
        yield from source
        return
    for block in source:
        lines = []
        for start in range(0, len(block), framing.chunk_bytes):
            chunk = block[start : start + framing.chunk_bytes]
            line = framing.chunk_line.replace("{x}", f"{len(chunk):x}")
            lines.append(b"%b\r\n%b%b" % (line.encode("latin-1"), chunk, framing.chunk_end.encode("latin-1")))
        yield b"".join(lines)
    yield framing.last_chunk.encode("latin-1")


def stepped(source: Iterable[bytes], length: int, steps: int, pause_s: float) -> Iterator[bytes | float]:
    """``source`` of ``length`` bytes in ``steps`` about equal parts, with a pause (in seconds) between."""
    if steps < 2 or length < 2:
        yield from source
        return
    step = max(1, length // steps)
    left, pauses = step, steps - 1
    for block in source:
        position = 0
        while position < len(block):
            if left == 0:
                if pauses:
                    pauses -= 1
                    yield pause_s
                left = step
            part = block[position : position + left]
            position += len(part)
            left -= len(part)
            yield part


def cut(source: Iterable[bytes], length: int) -> Iterator[bytes]:
    """The first ``length`` bytes of ``source``."""
    for block in source:
        if length <= 0:
            return
        yield block[:length]
        length -= len(block)


def _repeated(piece: Piece, golden: GoldenRequest) -> Iterator[bytes]:
    unit = golden.part(piece.part) if piece.part.value else piece.text.encode("latin-1")
    if piece.charset:
        unit = unit.decode("utf-8", "replace").encode(piece.charset, "replace")
    if not unit:
        return
    at_once = max(1, BLOCK // len(unit))
    whole, rest = divmod(piece.times, at_once)
    if whole:
        block = unit * at_once
        for _ in range(whole):
            yield block
    if rest:
        yield unit * rest


def _numbered(piece: Piece) -> Iterator[bytes]:
    at_once = max(1, BLOCK // (len(piece.text) + 8))
    for start in range(0, piece.times, at_once):
        numbers = range(start, min(start + at_once, piece.times))
        yield "".join([piece.text.replace("#", str(number)) for number in numbers]).encode("latin-1")


def _deflated(source: Iterator[bytes], window_bits: int) -> Iterator[bytes]:
    packer = zlib.compressobj(6, zlib.DEFLATED, window_bits)
    for block in source:
        packed = packer.compress(block)
        if packed:
            yield packed
    yield packer.flush()
