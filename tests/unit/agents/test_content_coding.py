"""Compressed bodies: whatever way they were packed and cut, what comes out is what went in."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flakestorm.agents.content_coding import AT_ONCE_BYTES, Decoder, decoder_for
from flakestorm.agents.transport_errors import AnswerFailed


def raw_deflate(data: bytes) -> bytes:
    """Deflate without the envelope of zlib."""
    packing = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packing.compress(data) + packing.flush()


def two_members(data: bytes) -> bytes:
    """Gzip in two members, as servers write that compress piece by piece."""
    middle = len(data) // 2
    return gzip.compress(data[:middle]) + gzip.compress(data[middle:])


def unpacked(pieces: list[bytes]) -> bytes:
    """What a decoder makes of ``pieces``."""
    decoder = Decoder()
    out = []
    for piece in pieces:
        decoder.feed(piece)
        while part := decoder.rest():
            assert len(part) <= AT_ONCE_BYTES
            out.append(part)
        assert decoder.is_spent
    decoder.end()
    return b"".join(out)


@pytest.mark.parametrize("pack", [gzip.compress, zlib.compress, two_members])
@given(data=st.binary(max_size=2000), size=st.integers(1, 700))
def test_round_trip(pack: Callable[[bytes], bytes], data: bytes, size: int) -> None:
    """Packed, cut into pieces of any size, unpacked."""
    packed = pack(data)
    assert unpacked([packed[at : at + size] for at in range(0, len(packed), size)]) == data


def test_little_is_unpacked_at_once() -> None:
    """A small body may be a large one in disguise."""
    assert unpacked([gzip.compress(b"x" * 3 * AT_ONCE_BYTES)]) == b"x" * 3 * AT_ONCE_BYTES


def test_deflate_without_its_envelope() -> None:
    """Some servers mean this by ``deflate``."""
    assert unpacked([raw_deflate(b"hello " * 50)]) == b"hello " * 50


# Without its time: workers that collect in different seconds would not find the same tests.
CUT_OFF = gzip.compress(b"hello" * 9, mtime=0)[:-9]


@pytest.mark.parametrize("damaged", [CUT_OFF, b"\x1f\x8bnothing", b"plain text"])
def test_damage_is_the_agents_fault(damaged: bytes) -> None:
    """Cut off or no compressed data at all: no part of it is taken for the whole."""
    with pytest.raises(AnswerFailed, match="not compressed as its content-encoding says"):
        unpacked([damaged])


def test_names_of_codings() -> None:
    """What was not asked for cannot be unpacked, and is not guessed at."""
    assert isinstance(decoder_for(" GZIP "), Decoder)
    assert decoder_for("identity") is None
    with pytest.raises(AnswerFailed, match="encoded as 'br'; flakestorm asked for gzip, deflate"):
        decoder_for("br")
