"""Query strings that mean different things to different parsers, or more than anybody wants to parse."""

from __future__ import annotations

from flakestorm.model.attack import Attack, Due, Piece
from flakestorm.mutations.protocol.recipes import REFLECTION, Draws, attack, attacks, raw

FAMILY = "query_parameter_poisoning"
INVALID = Due.ANSWER_OR_CLOSE


def _query(text: str) -> Attack:
    return Attack(query=raw(text))


attacks(
    FAMILY,
    {
        "duplicates": (
            "Sends the same parameter several times with different values",
            _query("input=a&input=b&input=&id=1&id=2&user=me&user=admin"),
        ),
        "arrays": (
            "Sends parameters in the notations for lists and mappings",
            _query("input[]=a&input[]=b&input[0]=c&input[99999999]=d&input[key]=e&id.$gt=1"),
        ),
        "operators": (
            "Sends mappings that databases take for conditions",
            _query("input[$ne]=x&id[$gt]=&user[$regex]=.*&where[$where]=1"),
        ),
        "prototype": (
            "Sends parameters that change the prototype of objects in JavaScript",
            _query("__proto__[admin]=1&__proto__.admin=1&constructor[prototype][admin]=1"),
        ),
        "debug_flags": (
            "Asks for debugging in all the usual ways",
            _query("debug=true&debug=1&DEBUG=1&admin=1&test=1&verbose=1&trace=1&profile=1&_debug=1&XDEBUG=1"),
        ),
        "debugger_command": (
            "Asks for the resources of a debugger that may be built in",
            _query("__debugger__=yes&cmd=resource&f=style.css&_ignition=1&pp=env"),
        ),
        "encoded_separators": (
            "Hides separators in encoded values",
            _query("input=a%26admin%3D1&x=%23&y=%3F&z=%2526admin%253D1&w=a%3Badmin%3D1"),
        ),
        "semicolons": ("Separates parameters by semicolons", _query("a=1;b=2;;admin=1")),
        "no_names": ("Sends values without names, and separators alone", _query("=a&=&&&&=&?&==")),
        "no_values": ("Sends names without values", _query("input&id&admin&debug")),
        "broken_escapes": ("Sends percent signs that escape nothing", _query("input=%zz%%%2&%=%&a=%u0041%")),
        "encoded_nul": ("Sends encoded NULs", _query("input=a%00b&%00=1&x=%2500")),
        "overlong_utf8": ("Sends overlong UTF-8, encoded", _query("input=%c0%af%e0%80%af&x=%c0%ae%c0%ae/")),
        "invalid_utf8": ("Sends bytes that are not UTF-8, encoded", _query("input=%ff%fe%80&%ff=%c3")),
        "lone_surrogate": ("Sends half of a surrogate pair, encoded", _query("input=%ed%a0%bd&x=%uD83D")),
        "path_in_value": (
            "Sends paths that lead out of a folder",
            _query("file=../../../../nobody&path=..%2f..%2f&template=....//&page=%252e%252e%252f"),
        ),
        "quotes": ("Sends quotation marks and comments of SQL", _query("id=1'%20OR%20'1'='1'--&x=%22;%60")),
        "templates": (
            "Sends template expressions",
            _query("input=%7B%7B7*7%7D%7D&x=$%7B7*7%7D&y=%3C%25=7*7%25%3E"),
        ),
        "format_switch": (
            "Asks for other formats of the answer",
            _query("format=xml&_format=php&alt=json&callback=alert&output=raw&type=../x"),
        ),
        "method_override": (
            "Asks for another method",
            _query("_method=DELETE&method=PUT&X-HTTP-Method=TRACE"),
        ),
        "huge_number": (
            "Sends numbers that fit nowhere",
            _query(f"page={'9' * 400}&limit=-1&offset=1e999&n=NaN"),
        ),
        "long_64k": ("Sends a query of 64 KB", Attack(query=(Piece("input="), Piece("q", 65_536)))),
        "many_parameters": (
            "Sends 5,000 parameters",
            Attack(query=(Piece("p#=#&", 5000, numbered=True),)),
        ),
        "fragment": (
            "Puts a fragment into the request line, where none belongs",
            Attack(INVALID, query=raw("a=1#fragment?b=2")),
        ),
        "raw_space": ("Puts spaces into the request line", Attack(INVALID, query=raw("input=a b c"))),
        "raw_bytes": (
            "Puts unencoded UTF-8 into the request line",
            Attack(INVALID, query=raw("input=\xc3\xa9")),
        ),
        "raw_brackets": (
            "Puts characters into the query that must be encoded",
            Attack(INVALID, query=raw('input=<>"{}|\\^`')),
        ),
        "raw_nul": ("Puts a NUL into the request line", Attack(INVALID, query=raw("input=a\0b"))),
    },
)


@attack(FAMILY)
def deep_brackets(draws: Draws) -> Attack:
    """Sends a parameter nested so deeply that parsers recurse."""
    depth = draws.between(100, 2500)
    return Attack(query=(Piece("input"), Piece("[a]", depth), Piece("=1")))


@attack(FAMILY, (REFLECTION,))
def line_end(draws: Draws) -> Attack:
    """Hides a line end and a header in a value, for agents that put parameters into headers."""
    end = draws.rng.choice(("%0d%0a", "%0a", "%0d", "%E5%98%8D%E5%98%8A", "%250d%250a", "%u000a"))
    return Attack(query=raw(f"input=a{end}X-{draws.marker}:%201{end}{end}"), marker=draws.marker)


@attack(FAMILY, (REFLECTION,))
def html(draws: Draws) -> Attack:
    """Sends HTML in parameters that error pages and callbacks like to show."""
    tag = f"%22%3E%3C{draws.marker}%20x=%22"
    names = ("input", "q", "callback", "error", "message", "name", "redirect", "next")
    return Attack(query=raw("&".join(f"{name}={tag}" for name in names)), marker=draws.marker)


@attack(FAMILY)
def type_confusion(draws: Draws) -> Attack:
    """Sends parameters of unexpected types under the usual names."""
    value = draws.rng.choice(("null", "true", "[]", "{}", "-1", "1e400", "0x10", "undefined", "%EF%BC%91"))
    names = ("input", "prompt", "query", "q", "id", "limit", "page", "stream", "model", "session")
    return Attack(query=raw("&".join(f"{name}={value}" for name in names)))
