"""Bodies that are not what their header says, or not what anybody could make sense of."""

from __future__ import annotations

from flakestorm.model.attack import Attack, Part, Piece
from flakestorm.mutations.protocol.recipes import (
    AFTER_PROMPT,
    UNTIL_PROMPT,
    WHOLE,
    Draws,
    attack,
    attacks,
    in_object,
    in_prompt,
    line,
    long_line,
    raw,
    typed,
)

FAMILY = "content_type_confusion"
JSON = "application/json"
FORM_PART = '--b\r\nContent-Disposition: form-data; name="input"\r\n\r\n'


def _labelled(content_type: str) -> Attack:
    return typed(content_type, WHOLE)


def _form(content_type: str) -> Attack:
    return typed(content_type, (Piece(FORM_PART), *WHOLE, Piece("\r\n--b--\r\n")))


def _encoded(content_encoding: str) -> Attack:
    return Attack(headers=(line("Content-Encoding", content_encoding),))


def _charset(charset: str, declared: str) -> Attack:
    return typed(f"{JSON}; charset={declared}", (Piece(part=Part.WHOLE, charset=charset),))


attacks(
    FAMILY,
    {
        "as_text": ("Calls the body plain text", _labelled("text/plain")),
        "as_html": ("Calls the body HTML", _labelled("text/html")),
        "as_xml": ("Calls the body XML", _labelled("application/xml")),
        "as_yaml": ("Calls the body YAML", _labelled("application/yaml")),
        "as_form": ("Calls the body a URL-encoded form", _labelled("application/x-www-form-urlencoded")),
        "as_bytes": ("Calls the body a stream of bytes", _labelled("application/octet-stream")),
        "as_pickle": ("Calls the body a pickle", _labelled("application/python-pickle")),
        "as_event_stream": ("Calls the body a stream of events", _labelled("text/event-stream")),
        "as_vendor_json": ("Calls the body JSON of a vendor", _labelled("application/vnd.nobody.v9+json")),
        "as_upper_case": ("Writes the type in capitals", _labelled("APPLICATION/JSON; CHARSET=UTF-8")),
        "no_type": ("Leaves the content type out", Attack(drop=("content-type",))),
        "empty_type": ("Sends an empty content type", _labelled("")),
        "two_types": (
            "Sends a second content type that contradicts the first",
            Attack(headers=(line("Content-Type", "application/xml"),)),
        ),
        "listed_types": ("Sends a list of content types", _labelled("application/json, text/plain")),
        "huge_type": (
            "Sends a content type with a parameter of 6 KB",
            Attack(drop=("content-type",), headers=long_line("Content-Type", "application/json;a=b;", 300)),
        ),
        "charset_unknown": ("Names a charset that there is not", _labelled(f"{JSON}; charset=x-nobody")),
        "charset_not_text": ("Names a codec that is no charset", _labelled(f"{JSON}; charset=base64")),
        "charset_nul": ("Names a charset with a control character", _labelled(f'{JSON}; charset="u\x01f"')),
        "charset_utf16_lie": ("Calls UTF-8 UTF-16", _labelled(f"{JSON}; charset=utf-16")),
        "charset_utf7_lie": ("Calls UTF-8 UTF-7", _labelled(f"{JSON}; charset=utf-7")),
        "utf16_body": ("Sends the body in UTF-16, called UTF-8", _charset("utf-16", "utf-8")),
        "utf16_declared": ("Sends the body in UTF-16, and says so", _charset("utf-16", "utf-16")),
        "utf32_body": ("Sends the body in UTF-32, without a word", _charset("utf-32-le", "utf-8")),
        "utf7_body": ("Sends the body in UTF-7, and says so", _charset("utf-7", "utf-7")),
        "ebcdic_body": ("Sends the body in EBCDIC, and says so", _charset("cp500", "cp500")),
        "byte_order_mark": (
            "Puts a byte order mark in front of the body",
            Attack(body=(Piece("\xef\xbb\xbf"), *WHOLE)),
        ),
        "invalid_utf8": (
            "Puts bytes that are not UTF-8 behind the prompt",
            Attack(body=in_prompt(Piece("\xff\xfe\x80\xc3"))),
        ),
        "overlong_utf8": (
            "Puts overlong and impossible UTF-8 behind the prompt",
            Attack(body=in_prompt(Piece("\xc0\xaf\xe0\x80\xaf\xed\xa0\x80\xf4\x90\x80\x80"))),
        ),
        "raw_control_characters": (
            "Puts control characters behind the prompt that JSON wants escaped",
            Attack(body=in_prompt(Piece("\0\x01\x0b\x1f\r\n"))),
        ),
        "escaped_nul": ("Puts an escaped NUL behind the prompt", Attack(body=in_prompt(Piece("\\u0000")))),
        "lone_surrogate": (
            "Puts half of a surrogate pair behind the prompt",
            Attack(body=in_prompt(Piece("\\ud83d"))),
        ),
        "form_in_parts": ("Sends the body in a multipart form", _form("multipart/form-data; boundary=b")),
        "form_without_boundary": (
            "Sends a multipart form without its boundary",
            _form("multipart/form-data"),
        ),
        "form_with_wrong_boundary": (
            "Sends a multipart form with another boundary than the one it has",
            _form("multipart/form-data; boundary=c"),
        ),
        "form_with_huge_boundary": (
            "Sends a multipart form with a boundary of 4 KB",
            _form(f'multipart/form-data; boundary="{"b" * 4096}"'),
        ),
        "form_never_ends": (
            "Sends a multipart form whose end is missing",
            typed("multipart/form-data; boundary=b", (Piece(FORM_PART), *WHOLE)),
        ),
        "not_gzipped": ("Calls the body gzipped, which it is not", _encoded("gzip")),
        "not_brotli": ("Calls the body compressed with Brotli, which it is not", _encoded("br")),
        "encoding_unknown": ("Names an encoding that there is not", _encoded("x-nobody")),
        "gzip_cut_off": (
            "Sends the beginning of gzipped bytes, called gzip",
            Attack(headers=(line("Content-Encoding", "gzip"),), body=raw("\x1f\x8b\x08\0\0\0\0\0\0\x03\xab")),
        ),
        "gzipped_in_secret": ("Sends the body gzipped, without a word", Attack(compression=("gzip",))),
        "comments": ("Puts comments into the JSON", Attack(body=in_object(Piece("/* a */ // b\n")))),
        "trailing_comma": ("Puts a comma too many into the JSON", Attack(body=in_object(Piece(",,")))),
        "single_quotes": ("Quotes JSON keys with single quotes", Attack(body=in_object(Piece("'x': 'y',")))),
        "not_numbers": (
            "Adds numbers that JSON does not know",
            Attack(body=in_object(Piece('"x":NaN,"y":-Infinity,"z":0x10,'))),
        ),
        "not_numbers_alone": ("Sends NaN as body", Attack(body=raw("NaN"))),
        "prototype_keys": (
            "Adds keys that change the prototype of objects in JavaScript",
            Attack(body=in_object(Piece('"__proto__":{"admin":true},"constructor":{"prototype":{"a":1}},'))),
        ),
        "second_document": ("Puts a second document behind the body", Attack(body=(*WHOLE, *WHOLE))),
        "garbage_behind": ("Puts garbage behind the body", Attack(body=(*WHOLE, Piece("}]\0\xff;")))),
        "cut_in_half": ("Ends the body right behind the prompt", Attack(body=(UNTIL_PROMPT,))),
        "begins_in_the_middle": ("Sends what comes behind the prompt alone", Attack(body=(AFTER_PROMPT,))),
        "list_instead": ("Sends the body inside a list", Attack(body=(Piece("["), *WHOLE, Piece("]")))),
        "text_instead": ("Sends a JSON text as body", Attack(body=raw('"hello"'))),
        "null_instead": ("Sends null as body", Attack(body=raw("null"))),
        "number_instead": ("Sends a number as body", Attack(body=raw("42"))),
        "random_bytes": (
            "Sends bytes that mean nothing",
            Attack(body=raw("\x93\x00\xfe\x07}\xc1\x80\xff", 64)),
        ),
    },
)


@attack(FAMILY)
def malformed_type(draws: Draws) -> Attack:
    """Sends a content type that is none."""
    kinds = (
        "application",
        "/json",
        "application/",
        ";;;",
        "application/json;charset",
        'application/json; charset="utf-8',
        "application/json; =utf-8",
        "application json",
        "*/*",
        "application/json/extra",
        "\xff/\xfe",
        "application/json; charset=utf-8; charset=utf-16",
    )
    return _labelled(draws.rng.choice(kinds))


@attack(FAMILY)
def duplicate_keys(draws: Draws) -> Attack:
    """Adds keys that the body has already, with values of another type, in front of the right ones."""
    value = draws.rng.choice(("null", "0", "[]", "{}", "true", '""', '["a"]'))
    names = ("input", "prompt", "messages", "message", "query", "model", "text", "session")
    return Attack(body=in_object(Piece("".join(f'"{name}":{value},' for name in names))))
