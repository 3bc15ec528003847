"""Where a request ends: lengths and chunks that are wrong, missing, or contradict each other.

What a server owes to a request whose length is told wrongly depends on how it reads it. One that believes in
a body that is longer than what was sent rightly waits for the rest, so nothing is asked of it then.
"""

from __future__ import annotations

from flakestorm.model.attack import Attack, Due, Framing, Timing
from flakestorm.mutations.protocol.recipes import CHUNKED, Draws, attack, attacks, line, raw

FAMILY = "protocol_level_attack"
INVALID = Due.ANSWER_OR_CLOSE
OPEN = Due.NOTHING


def _lengths(*lengths: str, due: Due = OPEN) -> Attack:
    return Attack(due, framing=Framing(lengths))


def _codings(*codings: str, lengths: tuple[str, ...] = (), due: Due = OPEN) -> Attack:
    return Attack(due, framing=Framing(lengths, codings, "{x}"))


def _chunks(line_: str, due: Due = INVALID, end: str = "\r\n", last: str = "0\r\n\r\n") -> Attack:
    return Attack(due, framing=Framing((), ("chunked",), line_, end, last_chunk=last))


attacks(
    FAMILY,
    {
        "length_and_chunks": (
            "Tells the length in both ways, which is how requests are smuggled; the chunks are right",
            _codings("chunked", lengths=("{n}",)),
        ),
        "length_and_no_chunks": (
            "Tells the length in both ways; the length is right",
            Attack(OPEN, framing=Framing(("{n}",), ("chunked",))),
        ),
        "two_lengths": ("Sends two lengths that differ", _lengths("{n}", "{more}")),
        "two_lengths_short": ("Sends two lengths, the second too short", _lengths("{n}", "{half}")),
        "same_length_twice": ("Sends the right length twice", _lengths("{n}", "{n}", due=INVALID)),
        "listed_lengths": ("Sends a list of lengths", _lengths("{n}, {n}", due=INVALID)),
        "listed_lengths_differ": ("Sends a list of lengths that differ", _lengths("{n}, {more}")),
        "length_short": (
            "Tells half of the length; the rest looks like the next request",
            _lengths("{half}"),
        ),
        "length_long": ("Tells ten bytes too many", _lengths("{more}")),
        "length_zero": ("Tells no length where there is a body", _lengths("0")),
        "length_negative": ("Tells a negative length", _lengths("-1")),
        "length_huge": ("Tells a length that no computer could hold", _lengths("99999999999999999999999")),
        "length_64_bits": (
            "Tells a length that overflows 64 bits to the right one",
            _lengths("1844674407370955161{n}"),
        ),
        "length_plus": ("Writes the length with a plus sign", _lengths("+{n}")),
        "length_hexadecimal": ("Writes the length in hexadecimal", _lengths("0x{x}")),
        "length_text": ("Tells a length that is no number", _lengths("many")),
        "length_fraction": ("Tells a length with a fraction", _lengths("{n}.0")),
        "length_underscore": (
            "Tells a length with an underscore, which some languages read",
            _lengths("1_0"),
        ),
        "length_unicode": ("Tells a length in superscript digits", _lengths("\xb2\xb9")),
        "length_empty": ("Tells an empty length", _lengths("")),
        "no_length": ("Sends a body without telling its length", _lengths()),
        "chunked": ("Sends the body in chunks, which is right", Attack(framing=CHUNKED)),
        "chunks_with_extensions": (
            "Puts an extension of 4 KB on a chunk",
            _chunks(f"{{x}};a={'e' * 4096}", due=Due.ANSWER_OR_CLOSE),
        ),
        "chunk_size_padded": ("Writes chunk sizes with many zeros", _chunks(f"{'0' * 60}{{x}}")),
        "chunk_size_prefixed": ("Writes chunk sizes with 0x", _chunks("0x{x}")),
        "chunk_size_negative": ("Sends a negative chunk size", _chunks("-{x}")),
        "chunk_size_plus": ("Writes chunk sizes with a plus sign", _chunks("+{x}")),
        "chunk_size_spaces": ("Puts spaces around chunk sizes", _chunks(" {x} ")),
        "chunk_size_text": ("Sends a chunk size that is no number", _chunks("zz")),
        "chunk_size_empty": ("Sends an empty chunk size", _chunks(";")),
        "chunk_size_huge": (
            "Sends a chunk size that overflows 64 bits",
            _chunks("fffffffffffffffff", due=OPEN),
        ),
        "chunk_too_short": ("Tells more than a chunk holds", _chunks("f{x}", due=OPEN)),
        "chunk_too_long": ("Tells less than a chunk holds", _chunks("1")),
        "chunk_without_end": ("Leaves out the line end behind a chunk", _chunks("{x}", end="")),
        "chunk_with_bad_end": ("Ends a chunk with other bytes than a line end", _chunks("{x}", end="XX")),
        "chunks_without_last": ("Never sends the last chunk", _chunks("{x}", due=OPEN, last="")),
        "chunks_with_trailers": (
            "Sends headers behind the last chunk",
            _chunks(
                "{x}", due=INVALID, last="0\r\nX-Note: a\r\nContent-Length: 5\r\nHost: x.invalid\r\n\r\n"
            ),
        ),
        "chunks_with_bad_trailer": (
            "Sends a broken header behind the last chunk",
            _chunks("{x}", last="0\r\n\0: \r\nnothing\r\n\r\n"),
        ),
        "coding_unknown": ("Names a transfer coding that there is not", _codings("flake")),
        "coding_obfuscated": (
            "Hides the transfer coding behind a control character",
            _codings("\x0bchunked"),
        ),
        "coding_quoted": ("Puts the transfer coding in quotation marks", _codings('"chunked"')),
        "coding_upper_case": ("Writes the transfer coding in capitals", _codings("CHUNKED", due=INVALID)),
        "coding_twice": ("Names the transfer coding twice", _codings("chunked", "chunked")),
        "coding_identity": (
            "Names two transfer codings that contradict each other",
            _codings("chunked", "identity"),
        ),
        "coding_not_last": ("Names another transfer coding behind chunked", _codings("chunked, gzip")),
        "coding_of_http10": (
            "Sends chunks in HTTP/1.0, which has none",
            Attack(OPEN, version="HTTP/1.0", framing=CHUNKED),
        ),
        "expectation_abandoned": (
            "Announces a body, asks for permission, and never sends it",
            Attack(OPEN, headers=(line("Expect", "100-continue"),), timing=Timing(stop_at=1.0)),
        ),
    },
)


@attack(FAMILY)
def chunk_extension_flood(draws: Draws) -> Attack:
    """Puts an extension on each of thousands of chunks of one byte."""
    return Attack(
        INVALID,
        body=(*raw(" ", draws.between(500, 20_000)), *raw("{}")),
        framing=Framing((), ("chunked",), "{x};name=value", chunk_bytes=1),
    )


@attack(FAMILY)
def trailer_flood(draws: Draws) -> Attack:
    """Sends hundreds of headers behind the last chunk."""
    flood = "X-Trailer: a\r\n" * draws.between(100, 400)
    return Attack(INVALID, framing=Framing((), ("chunked",), "{x}", last_chunk=f"0\r\n{flood}\r\n"))
