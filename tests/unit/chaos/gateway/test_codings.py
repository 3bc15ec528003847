"""Compressed bodies: read in any pieces, refused when damaged, never larger than asked for."""

from __future__ import annotations

import gzip
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flakestorm.chaos.gateway.codings import MOST_AT_ONCE, Undecodable, decoder, only_readable
from flakestorm.chaos.gateway.evidence import Evidence


def raw_deflate(data: bytes) -> bytes:
    """A deflate body as some servers send it, without the header."""
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush()


PACKERS = {
    "gzip": [gzip.compress, lambda data: gzip.compress(data) + gzip.compress(b"more")],
    "deflate": [zlib.compress, raw_deflate],
    "": [bytes],
    "identity": [bytes],
}


@settings(max_examples=60)
@given(st.binary(max_size=300), st.integers(1, 40), st.sampled_from(sorted(PACKERS)), st.integers(0, 1))
def test_any_pieces_give_the_whole(data: bytes, size: int, coding: str, which: int) -> None:
    """However the compressed body is cut, the text is the same."""
    packers = PACKERS[coding]
    which = min(which, len(packers) - 1)
    packed = packers[which](data)
    reading = decoder(coding)
    made = b"".join(reading.feed(packed[start : start + size]) for start in range(0, len(packed), size))
    assert made == data + (b"more" if coding == "gzip" and which else b"")


def test_damage_and_unknown_codings() -> None:
    """Both are told; nothing is made of them."""
    reading = decoder("gzip")
    reading.feed(gzip.compress(b"hello world" * 50)[:30])
    with pytest.raises(Undecodable, match="damaged"):
        reading.feed(b"\xff" * 50)
    with pytest.raises(Undecodable, match="damaged"):
        decoder("deflate").feed(b"no compressed data at all")
    with pytest.raises(Undecodable, match="'br' cannot be read here; readable: gzip"):
        decoder("br")


def test_a_bomb_is_read_in_parts() -> None:
    """However much it becomes, it is never in memory as a whole; its end is found all the same."""
    bomb = gzip.compress(b"0" * 5_000_000 + b'"total_tokens": 9')
    sizes = [len(piece) for piece in decoder("gzip").pieces(bomb)]
    assert sum(sizes) == 5_000_017
    assert max(sizes) <= MOST_AT_ONCE
    seen = Evidence("gzip")
    seen.add(bomb)
    assert (seen.size, seen.tokens) == (5_000_017, 9)


@pytest.mark.parametrize(
    ("accepted", "readable"),
    [
        ("gzip, deflate, br, zstd", "gzip, deflate"),
        ("br;q=1.0, GZIP;q=0.8, *;q=0.1", "GZIP;q=0.8"),
        ("br", "identity"),
        ("", "identity"),
    ],
)
def test_accepted_codings(accepted: str, readable: str) -> None:
    """Only codings that can be read are left, with their preferences."""
    assert only_readable(accepted) == readable


def test_evidence() -> None:
    """Text where the coding can be read, else nothing; damage in the middle leaves what came before."""
    readable = Evidence("gzip")
    readable.add(gzip.compress(b'{"usage": {"total_tokens": 7}}'))
    assert (readable.text, readable.tokens) == ('{"usage": {"total_tokens": 7}}', 7)
    unreadable = Evidence("br")
    unreadable.add(b"xyz")
    assert unreadable.text == ""
    damaged = Evidence("deflate")
    damaged.add(zlib.compress(b"fine " * 100)[:20])
    before = damaged.text
    damaged.add(b"\xff" * 40)
    damaged.add(b"\xff" * 40)
    assert damaged.text == before
