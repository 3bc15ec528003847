"""Methods that the endpoint does not expect, that no server knows, or that are none."""

from __future__ import annotations

from flakestorm.model.attack import Attack, Due
from flakestorm.mutations.protocol.recipes import REFLECTION, Draws, attack, attacks, line, raw

FAMILY = "request_method_attack"
INVALID = Due.ANSWER_OR_CLOSE

attacks(
    FAMILY,
    {
        "get": ("Asks with GET and no body", Attack(method="GET", body=(), drop=("content-type",))),
        "get_with_body": ("Asks with GET and a body", Attack(method="GET")),
        "head": ("Asks with HEAD", Attack(method="HEAD", body=(), drop=("content-type",))),
        "head_with_body": ("Asks with HEAD and a body", Attack(method="HEAD")),
        "post": ("Asks with POST", Attack(method="POST")),
        "post_without_body": ("Asks with POST and no body", Attack(method="POST", body=())),
        "put": ("Asks with PUT", Attack(method="PUT")),
        "patch": ("Asks with PATCH", Attack(method="PATCH")),
        "delete": ("Asks with DELETE", Attack(method="DELETE", body=())),
        "options": ("Asks with OPTIONS", Attack(method="OPTIONS", body=())),
        "options_for_all": (
            "Asks for the options of the whole server",
            Attack(method="OPTIONS", target="*", body=()),
        ),
        "cors_preflight": (
            "Asks beforehand, as a browser does, whether an absurd request is allowed",
            Attack(
                method="OPTIONS",
                body=(),
                headers=(
                    line("Origin", "null"),
                    line("Access-Control-Request-Method", "DELETE, FLAKE"),
                    line("Access-Control-Request-Headers", "x-" + "a" * 500),
                ),
            ),
        ),
        "connect": ("Asks with CONNECT for a tunnel", Attack(INVALID, method="CONNECT", body=())),
        "connect_elsewhere": (
            "Asks for a tunnel to another port of this machine",
            Attack(INVALID, method="CONNECT", target="localhost:9", body=()),
        ),
        "webdav": (
            "Asks with a method of WebDAV",
            Attack(method="PROPFIND", headers=(line("Depth", "infinity"),)),
        ),
        "purge": ("Asks with PURGE, which caches obey", Attack(method="PURGE", body=())),
        "search": ("Asks with a method that has a hyphen", Attack(method="M-SEARCH", body=())),
        "unknown": ("Asks with a method that nobody knows", Attack(method="FLAKESTORM")),
        "lower_case": ("Writes the method in small letters", Attack(INVALID, method="post")),
        "mixed_case": ("Writes the method in mixed case", Attack(INVALID, method="PoSt")),
        "lower_case_get": ("Asks with get in small letters", Attack(INVALID, method="get", body=())),
        "no_method": ("Leaves the method out", Attack(INVALID, method=" ")),
        "long_method": ("Asks with a method of 9 KB", Attack(INVALID, method="M" * 9000)),
        "symbols": (
            "Asks with a method made of signs that HTTP allows",
            Attack(INVALID, method="!#$%&'*+.^_`|~"),
        ),
        "not_a_token": ("Asks with a method that HTTP does not allow", Attack(INVALID, method="P@(ST)")),
        "number": ("Asks with a number as method", Attack(INVALID, method="200")),
        "non_ascii": ("Asks with a method beyond ASCII", Attack(INVALID, method="P\xd6ST")),
        "nul_in_method": ("Puts a NUL into the method", Attack(INVALID, method="PO\0ST")),
    },
)


@attack(FAMILY, (REFLECTION,))
def trace(draws: Draws) -> Attack:
    """Asks with TRACE, which would repeat all headers, keys and cookies included."""
    secret = line("X-Note", draws.marker)
    return Attack(method="TRACE", body=(), headers=(secret,), marker=draws.marker)


@attack(FAMILY)
def override(draws: Draws) -> Attack:
    """Sends one method, and another in headers and in the query that frameworks obey."""
    method = draws.rng.choice(("DELETE", "PUT", "GET", "TRACE", "CONNECT", "FLAKE", ""))
    names = ("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override")
    return Attack(
        headers=tuple(line(name, method) for name in names), query=raw(f"_method={method}&method={method}")
    )
