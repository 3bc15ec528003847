"""Bodies that are huge, deep or explode when they are unpacked; a few bytes of recipe for each."""

from __future__ import annotations

from flakestorm.model.attack import Attack, Framing, Piece, Stream
from flakestorm.mutations.protocol.recipes import (
    UNTIL_BRACE,
    WHOLE,
    Draws,
    attack,
    attacks,
    in_object,
    in_prompt,
    line,
)

FAMILY = "payload_size_attack"
MEGABYTE = 1_000_000


def _gzipped(body: Stream, codings: tuple[str, ...] = ("gzip",)) -> Attack:
    return Attack(headers=(line("Content-Encoding", ", ".join(codings)),), body=body, compression=codings)


attacks(
    FAMILY,
    {
        "body_1mb": ("Makes the prompt 1 MB long", Attack(body=in_prompt(Piece(" word", MEGABYTE // 5)))),
        "body_10mb": ("Makes the prompt 10 MB long", Attack(body=in_prompt(Piece(" word", 2 * MEGABYTE)))),
        "body_50mb": ("Makes the prompt 50 MB long", Attack(body=in_prompt(Piece(" word", 10 * MEGABYTE)))),
        "padding": (
            "Puts 10 MB of spaces around the body",
            Attack(body=(Piece(" ", 5 * MEGABYTE), *WHOLE, Piece(" ", 5 * MEGABYTE))),
        ),
        "million_keys": (
            "Adds a million keys to the body",
            Attack(body=in_object(Piece('"k#":#,', MEGABYTE, numbered=True))),
        ),
        "million_elements": (
            "Adds a list of a million elements to the body",
            Attack(body=in_object(Piece('"x":[0'), Piece(",0", MEGABYTE), Piece("],"))),
        ),
        "million_lists": (
            "Adds a million empty lists to the body",
            Attack(body=in_object(Piece('"x":[[]'), Piece(",[]", MEGABYTE), Piece("],"))),
        ),
        "huge_number": (
            "Adds a number of a million digits to the body",
            Attack(body=in_object(Piece('"x":'), Piece("9", MEGABYTE), Piece(","))),
        ),
        "huge_exponent": (
            "Adds numbers whose exponents are out of all proportion",
            Attack(body=in_object(Piece('"x":1e999999999,"y":-1E+99999,"z":1e-999999999,'))),
        ),
        "huge_key": (
            "Adds a key of 5 MB to the body",
            Attack(body=in_object(Piece('"'), Piece("k", 5 * MEGABYTE), Piece('":1,'))),
        ),
        "escape_flood": (
            "Adds a text of a million escapes to the body",
            Attack(body=in_object(Piece('"x":"'), Piece("\\u00e9", MEGABYTE), Piece('",'))),
        ),
        "same_key_many_times": (
            "Adds the same key 200,000 times",
            Attack(body=in_object(Piece('"x":1,', 200_000))),
        ),
        "empty_body": ("Sends a body of no bytes", Attack(body=())),
        "only_brace": ("Sends the first brace of the body alone", Attack(body=(UNTIL_BRACE,))),
        "tiny_chunks": (
            "Sends the body with 20,000 spaces in front in chunks of one byte",
            Attack(
                body=(Piece(" ", 20_000), *WHOLE),
                framing=Framing((), ("chunked",), "{x}", chunk_bytes=1),
            ),
        ),
        "nested_bomb": (
            "Sends 10 MB of spaces that are compressed twice",
            _gzipped((Piece(" ", 10 * MEGABYTE), *WHOLE), ("gzip", "gzip")),
        ),
        "deflate_bomb": (
            "Sends 50 MB of spaces in front of the body, deflated to 50 KB",
            _gzipped((Piece(" ", 50 * MEGABYTE), *WHOLE), ("deflate",)),
        ),
        "compressed_bomb": (
            "Sends a prompt of 100 MB, compressed to 100 KB",
            _gzipped(in_prompt(Piece("a", 100 * MEGABYTE))),
        ),
    },
)


@attack(FAMILY)
def deep_lists(draws: Draws) -> Attack:
    """Adds lists in lists in lists to the body."""
    depth = draws.between(1000, 300_000)
    return Attack(body=in_object(Piece('"x":'), Piece("[", depth), Piece("]", depth), Piece(",")))


@attack(FAMILY)
def deep_objects(draws: Draws) -> Attack:
    """Adds objects in objects in objects to the body."""
    depth = draws.between(1000, 200_000)
    return Attack(
        body=in_object(Piece('"x":'), Piece('{"x":', depth), Piece("0"), Piece("}", depth), Piece(","))
    )


@attack(FAMILY)
def unclosed_lists(draws: Draws) -> Attack:
    """Opens lists in the body that are never closed."""
    return Attack(body=(UNTIL_BRACE, Piece('"x":'), Piece("[", draws.between(1000, 1_000_000))))


@attack(FAMILY)
def many_parts(draws: Draws) -> Attack:
    """Sends a form of thousands of parts in place of the body."""
    part = '--b\r\nContent-Disposition: form-data; name="p#"; filename="#"\r\n\r\n#\r\n'
    return Attack(
        drop=("content-type",),
        headers=(line("Content-Type", "multipart/form-data; boundary=b"),),
        body=(Piece(part, draws.between(500, 20_000), numbered=True), Piece("--b--\r\n")),
    )


@attack(FAMILY)
def many_fields(draws: Draws) -> Attack:
    """Sends a URL-encoded form of thousands of fields in place of the body."""
    return Attack(
        drop=("content-type",),
        headers=(line("Content-Type", "application/x-www-form-urlencoded"),),
        body=(Piece("f#=#&", draws.between(2000, 300_000), numbered=True),),
    )
