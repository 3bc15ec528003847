"""Header lines that HTTP does not allow: where a line ends, what a name may be, how often Host may come."""

from __future__ import annotations

from flakestorm.model.attack import Attack, Due, Piece
from flakestorm.mutations.protocol.recipes import REFLECTION, Draws, attack, attacks, line, raw

FAMILY = "http_header_injection"
INVALID = Due.ANSWER_OR_CLOSE

attacks(
    FAMILY,
    {
        "nul_in_value": ("Puts a NUL into a header value", Attack(INVALID, headers=raw("X-Note: a\0b\r\n"))),
        "control_characters": (
            "Puts control characters into a header value",
            Attack(INVALID, headers=raw("X-Note: a\x01\x07\x08\x1b[31m\x7fb\r\n")),
        ),
        "folded_line": (
            "Goes on with a header value on the next line, which HTTP has given up",
            Attack(INVALID, headers=raw("X-Note: a\r\n b\r\n\tc\r\n")),
        ),
        "folded_first_line": (
            "Indents the first header line, as if it continued the request line",
            Attack(INVALID, version="HTTP/1.1\r\n X-Note: a"),
        ),
        "space_before_colon": (
            "Puts a space between a header's name and its colon",
            Attack(INVALID, headers=raw("X-Note : a\r\n")),
        ),
        "space_in_name": ("Puts a space into a header's name", Attack(INVALID, headers=raw("X Note: a\r\n"))),
        "empty_name": ("Sends a header without a name", Attack(INVALID, headers=raw(": a\r\n"))),
        "no_colon": ("Sends a header line without a colon", Attack(INVALID, headers=raw("X-Note a\r\n"))),
        "non_ascii_name": (
            "Puts characters beyond ASCII into a header's name",
            Attack(INVALID, headers=raw("X-N\xc3\xb6te: a\r\n")),
        ),
        "brackets_in_name": (
            "Puts separators into a header's name",
            Attack(INVALID, headers=raw('X-(N)[o]{t}"e": a\r\n')),
        ),
        "no_host": ("Leaves Host out, which HTTP/1.1 demands", Attack(INVALID, drop=("host",))),
        "empty_host": ("Sends an empty Host", Attack(INVALID, drop=("host",), headers=(line("Host", ""),))),
        "host_with_space": (
            "Sends a Host that is no host",
            Attack(INVALID, drop=("host",), headers=(line("Host", "a b/c?d#e"),)),
        ),
        "host_with_bad_port": (
            "Sends a Host with a port that there cannot be",
            Attack(INVALID, drop=("host",), headers=(line("Host", "localhost:99999999"),)),
        ),
        "invalid_utf8_value": (
            "Puts bytes that are not UTF-8 into a header value, which HTTP allows",
            Attack(headers=raw("X-Note: \xff\xfe\xc0\xaf\xf5\r\n")),
        ),
        "empty_value": ("Sends a header without a value", Attack(headers=raw("X-Note:\r\n"))),
    },
)


@attack(FAMILY, (REFLECTION,))
def bare_carriage_return(draws: Draws) -> Attack:
    """Ends a header line in the middle of a value with a carriage return alone."""
    return Attack(INVALID, headers=raw(f"X-Note: a\rX-{draws.marker}: 1\r\n"), marker=draws.marker)


@attack(FAMILY, (REFLECTION,))
def bare_line_feed(draws: Draws) -> Attack:
    """Ends a header line in the middle of a value with a line feed alone."""
    return Attack(INVALID, headers=raw(f"X-Note: a\nX-{draws.marker}: 1\r\n"), marker=draws.marker)


@attack(FAMILY, (REFLECTION,))
def encoded_line_end(draws: Draws) -> Attack:
    """Hides a line end and another header in a value, encoded in several ways."""
    hidden = f"X-{draws.marker}: 1"
    forms = (
        f"a%0d%0a{hidden}",
        f"a\\r\\n{hidden}",
        f"a%E5%98%8D%E5%98%8A{hidden}",
        f"a\xe5\x98\x8d\xe5\x98\x8a{hidden}",
        f"a&#13;&#10;{hidden}",
    )
    names = ("X-Request-ID", "X-Note", "Referer", "User-Agent", "Cookie")
    return Attack(
        headers=(line(draws.rng.choice(names), draws.rng.choice(forms)),),
        marker=draws.marker,
    )


@attack(FAMILY, (REFLECTION,))
def conflicting_host(draws: Draws) -> Attack:
    """Sends a second Host that contradicts the first."""
    return Attack(INVALID, headers=(line("Host", f"{draws.marker}.invalid"),), marker=draws.marker)


@attack(FAMILY)
def duplicated_headers(draws: Draws) -> Attack:
    """Sends headers of which there is one at most several times, with different values."""
    names = draws.rng.sample(
        ("Content-Type", "User-Agent", "Authorization", "Accept", "Referer", "From", "Date", "Origin"), 3
    )
    values = ("a/b", "", "x" * 50)
    return Attack(headers=tuple(line(name, value) for name in names for value in values))


@attack(FAMILY)
def unknown_headers(draws: Draws) -> Attack:
    """Adds headers that nobody has heard of."""
    letters = "abcdefghijklmnopqrstuvwxyz!#$%&'*+.^_`|~-"
    pieces = []
    for _ in range(draws.between(5, 60)):
        name = "".join(draws.rng.choice(letters) for _ in range(draws.rng.randrange(1, 40)))
        pieces.append(Piece(f"X-{name}: {draws.rng.randrange(10**12)}\r\n"))
    return Attack(headers=tuple(pieces))
