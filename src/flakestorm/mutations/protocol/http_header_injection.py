"""Header values that are valid and hostile: huge, many, forged, or meant for whatever stands in between."""

from __future__ import annotations

from flakestorm.model.attack import Attack, Piece
from flakestorm.mutations.protocol.recipes import (
    REFLECTION,
    Draws,
    attack,
    attacks,
    in_prompt,
    line,
    long_line,
)

FAMILY = "http_header_injection"

attacks(
    FAMILY,
    {
        "cookie_64k": ("Sends a cookie of 64 KB", Attack(headers=long_line("Cookie", "c", 65536))),
        "many_headers": (
            "Sends 10,000 headers",
            Attack(headers=(Piece("X-Many-#: #\r\n", 10_000, numbered=True),)),
        ),
        "same_header_many_times": (
            "Sends the same header 2,000 times",
            Attack(headers=(Piece("X-Forwarded-For: 127.0.0.1\r\n", 2000),)),
        ),
        "method_override": (
            "Asks for another method in headers that frameworks obey",
            Attack(
                headers=tuple(
                    line(name, "TRACE")
                    for name in ("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override")
                )
            ),
        ),
        "path_override": (
            "Asks for another path in headers that proxies obey",
            Attack(headers=(line("X-Original-URL", "/admin"), line("X-Rewrite-URL", "/admin"))),
        ),
        "expectation_unknown": (
            "Expects something that no server knows",
            Attack(headers=(line("Expect", "200-maybe"),)),
        ),
        "expectation_continue": (
            "Expects permission to go on, and does not wait for it",
            Attack(headers=(line("Expect", "100-continue"),)),
        ),
        "range_flood": (
            "Asks for 1,000 overlapping ranges",
            Attack(headers=(Piece("Range: bytes=0-"), Piece(",#-", 1000, numbered=True), Piece("\r\n"))),
        ),
        "accept_nothing": (
            "Accepts no format, encoding or language at all",
            Attack(
                drop=("accept", "accept-encoding", "accept-language"),
                headers=(
                    line("Accept", "application/x-nothing;q=0"),
                    line("Accept-Encoding", "identity;q=0, *;q=0"),
                    line("Accept-Language", "../../../../etc/passwd;q=9e99"),
                ),
            ),
        ),
        "hop_by_hop": (
            "Declares essential headers to be for the next proxy only",
            Attack(
                headers=(line("Connection", "close, Content-Type, Authorization, Host, X-Forwarded-For"),)
            ),
        ),
        "broken_conditions": (
            "Sends conditions whose dates and tags make no sense",
            Attack(
                headers=(
                    line("If-Modified-Since", "Thu, 99 Foo 99999 99:99:99 GMT"),
                    line("If-None-Match", '"' * 99),
                    line("If-Match", "*,*,*"),
                )
            ),
        ),
        "broken_cookies": (
            "Sends cookies that parsers trip over",
            Attack(headers=(line("Cookie", '=; a; b=";\\"; c="unclosed; =d; e==f; __Host-g=\xff; ;;,;'),)),
        ),
        "broken_authorization": (
            "Sends credentials that cannot be decoded",
            Attack(drop=("authorization",), headers=(line("Authorization", "Basic !!!!=%00"),)),
        ),
        "broken_trace_context": (
            "Sends identifiers for tracing that tracers trip over",
            Attack(
                headers=(
                    line("traceparent", "00-" + "g" * 32 + "-zz-zz"),
                    line("tracestate", "=,=,a=b=c" + ",x=1" * 100),
                    line("baggage", "%%%=;;;,"),
                )
            ),
        ),
    },
)


@attack(FAMILY)
def oversized_header(draws: Draws) -> Attack:
    """Sends a header of 9 KB to 1 MB."""
    size = draws.rng.choice((9, 17, 33, 65, 129, 1024)) * 1024
    return Attack(headers=long_line("X-Big", "h", size))


@attack(FAMILY)
def oversized_name(draws: Draws) -> Attack:
    """Sends a header whose name is as long as a value should never be."""
    return Attack(headers=(Piece("n", draws.rng.choice((300, 9000, 70_000))), Piece(": 1\r\n")))


@attack(FAMILY, (REFLECTION,))
def foreign_host(draws: Draws) -> Attack:
    """Names another host, which must not get into links and redirects."""
    host = f"{draws.marker}.invalid"
    return Attack(drop=("host",), headers=(line("Host", host),), marker=draws.marker)


@attack(FAMILY, (REFLECTION,))
def forwarded_host(draws: Draws) -> Attack:
    """Claims to come through a proxy, for another host, from this machine, over HTTPS."""
    host = f"{draws.marker}.invalid"
    lines = (
        line("X-Forwarded-For", "127.0.0.1"),
        line("X-Forwarded-Host", host),
        line("X-Forwarded-Proto", "https"),
        line("X-Forwarded-Port", "0"),
        line("X-Forwarded-Prefix", f"/{draws.marker}"),
        line("X-Real-IP", "::1"),
        line("Forwarded", f'for="[::1]";host={host};proto=https'),
    )
    return Attack(headers=lines, marker=draws.marker)


@attack(FAMILY)
def forwarded_garbage(draws: Draws) -> Attack:
    """Claims to come through proxies whose addresses are none."""
    address = draws.rng.choice(("256.1.1.1", "::::", "a" * 300, "127.0.0.1:99999", '"', "unknown,,,"))
    names = ("X-Forwarded-For", "X-Real-IP", "X-Client-IP", "True-Client-IP", "Forwarded")
    return Attack(headers=tuple(line(name, address) for name in names))


@attack(FAMILY, (REFLECTION,))
def html_in_headers(draws: Draws) -> Attack:
    """Puts HTML into headers that error pages like to show."""
    value = f'"><{draws.marker} x="'
    names = ("User-Agent", "Referer", "X-Forwarded-For", "X-Note", "Accept-Language")
    return Attack(
        drop=tuple(name.lower() for name in names),
        headers=tuple(line(name, value) for name in names),
        marker=draws.marker,
    )


@attack(FAMILY)
def template_in_headers(draws: Draws) -> Attack:
    """Puts template expressions into headers that are logged or shown."""
    value = draws.rng.choice(
        ("{{7*7}}", "${7*7}", "#{7*7}", "<%= 7*7 %>", "%(asctime)s %n%n", "${env:PATH}", "{0.__class__}")
    )
    return Attack(drop=("user-agent",), headers=(line("User-Agent", value), line("X-Note", value)))


@attack(FAMILY, (REFLECTION,))
def foreign_origin(draws: Draws) -> Attack:
    """Comes from a page of another origin, which must not be trusted with credentials."""
    origin = draws.rng.choice((f"https://{draws.marker}.invalid", f"http://localhost.{draws.marker}.invalid"))
    return Attack(headers=(line("Origin", origin), line("Cookie", "session=1")), marker=draws.marker)


@attack(FAMILY)
def upgrade(draws: Draws) -> Attack:
    """Asks to go on with another protocol."""
    protocol = draws.rng.choice(("h2c", "websocket", "TLS/1.0", "foo/9, bar"))
    return Attack(
        headers=(
            line("Connection", "Upgrade, HTTP2-Settings"),
            line("Upgrade", protocol),
            line("HTTP2-Settings", "AAMAAABkAARAAAAAAAIAAAAA"),
        )
    )


@attack(FAMILY, (REFLECTION,))
def line_end_in_body(draws: Draws) -> Attack:
    """Puts an escaped line end with a header behind the prompt, for agents that put prompts into headers."""
    return Attack(body=in_prompt(Piece(f"\\r\\nX-{draws.marker}: 1\\r\\n\\r\\n")), marker=draws.marker)
