"""The rest of what makes up an HTTP message: its first line, its line ends, and what comes around it."""

from __future__ import annotations

from flakestorm.model.attack import Attack, Due, Part, Piece, Then, Timing
from flakestorm.mutations.protocol.recipes import REFLECTION, Draws, attack, attacks, line, raw

FAMILY = "protocol_level_attack"
INVALID = Due.ANSWER_OR_CLOSE
OPEN = Due.NOTHING

NOTHING_ELSE = Timing(stop_at=0.0)
"""The request itself is not sent; what comes before it stands for everything."""


def _version(version: str, due: Due = INVALID) -> Attack:
    return Attack(due, version=version)


attacks(
    FAMILY,
    {
        "http10": ("Speaks HTTP/1.0", _version("HTTP/1.0", Due.ANSWER)),
        "http10_without_host": (
            "Speaks HTTP/1.0 and leaves Host out, as it may",
            Attack(version="HTTP/1.0", drop=("host",)),
        ),
        "http10_keep_alive": (
            "Speaks HTTP/1.0 and wants to keep the connection",
            Attack(version="HTTP/1.0", headers=(line("Connection", "keep-alive"),)),
        ),
        "http09": (
            "Speaks HTTP/0.9: a line and nothing else",
            Attack(OPEN, method="GET", version="", body=()),
        ),
        "http11_point_two": ("Speaks a later HTTP/1", _version("HTTP/1.2")),
        "http2_in_words": ("Claims to speak HTTP/2 in the words of HTTP/1", _version("HTTP/2.0")),
        "http3_in_words": ("Claims to speak HTTP/3", _version("HTTP/3")),
        "version_of_two_digits": ("Claims to speak HTTP/1.10", _version("HTTP/1.10")),
        "version_huge": ("Claims to speak a version that will never be", _version("HTTP/99999999999.9")),
        "version_text": ("Claims to speak a version that is no number", _version("HTTP/a.b")),
        "version_lower_case": ("Writes HTTP in small letters", _version("http/1.1")),
        "other_protocol": ("Claims to speak something else", _version("ICY/1.1")),
        "two_versions": ("Ends the request line with more than the version", _version("HTTP/1.1 HTTP/1.1")),
        "absolute_target": (
            "Writes the whole URL into the request line, as for a proxy",
            Attack(target="{origin}{target}"),
        ),
        "authority_target": (
            "Writes only a host into the request line",
            Attack(INVALID, target="localhost:80"),
        ),
        "asterisk_target": (
            "Asks for * with a method for which there is no such thing",
            Attack(INVALID, target="*"),
        ),
        "empty_target": ("Leaves the target out", Attack(INVALID, target="")),
        "target_without_slash": ("Asks for a path without its slash", Attack(INVALID, target="chat")),
        "target_with_scheme": (
            "Asks for a URL of another scheme",
            Attack(INVALID, target="file:///etc/hostname"),
        ),
        "double_slash": ("Asks for a path that begins like a host", Attack(target="//x.invalid{target}")),
        "dot_segments": ("Asks for the path with detours", Attack(target="/./a/../.{target}")),
        "encoded_dots": (
            "Asks for a path that leads out of a folder",
            Attack(target="/%2e%2e/..%2f..%5c{target}"),
        ),
        "nul_in_path": ("Puts an encoded NUL behind the path", Attack(target="{path}%00.json")),
        "long_target": ("Asks for a path of 9 KB", Attack(target="{path}/" + "p" * 9000)),
        "tabs": ("Separates the request line by tabs", Attack(INVALID, target="\t{target}\t")),
        "bare_line_feeds": ("Ends lines with a line feed alone", Attack(INVALID, newline="\n")),
        "bare_carriage_returns": ("Ends lines with a carriage return alone", Attack(OPEN, newline="\r")),
        "empty_lines_before": ("Begins with empty lines", Attack(INVALID, before=raw("\r\n", 5))),
        "garbage_before": (
            "Begins with a line of garbage",
            Attack(INVALID, before=raw("\x00\xff\x16garbage\x07\r\n\r\n")),
        ),
        "garbage_after": ("Sends garbage behind the request", Attack(after=raw("\x00\xffgarbage\r\n\r\n"))),
        "garbage_alone": (
            "Sends garbage without an end",
            Attack(OPEN, before=raw("\x80\x00garbage", 100), timing=Timing(stop_at=0.9)),
        ),
        "proxy_line_before": (
            "Begins with the line by which proxies tell whom they speak for",
            Attack(INVALID, before=raw("PROXY TCP4 127.0.0.1 127.0.0.1 1 2\r\n")),
        ),
        "http2_preface": (
            "Begins as HTTP/2 does",
            Attack(INVALID, before=raw("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0")),
        ),
        "other_language": (
            "Begins in the languages of mail servers and databases",
            Attack(INVALID, before=raw("EHLO x.invalid\r\n*1\r\n$4\r\nPING\r\n")),
        ),
        "tls_before": (
            "Begins to agree on encryption in the middle of nowhere",
            Attack(OPEN, before=raw("\x16\x03\x01\0\xa5\x01\0\0\xa1\x03\x03" + "\0" * 64)),
        ),
        "early_close": (
            "Hangs up in the middle of the headers",
            Attack(OPEN, timing=Timing(stop_at=0.5, then=Then.CLOSE)),
        ),
        "early_close_in_body": (
            "Hangs up in the middle of the body",
            Attack(OPEN, timing=Timing(stop_at=1.5, then=Then.CLOSE)),
        ),
        "early_reset": (
            "Breaks the connection off in the middle of the body",
            Attack(OPEN, timing=Timing(stop_at=1.5, then=Then.RESET)),
        ),
        "close_without_reading": (
            "Hangs up right after the request",
            Attack(OPEN, timing=Timing(then=Then.CLOSE)),
        ),
        "nothing_at_all": (
            "Connects and hangs up",
            Attack(OPEN, timing=Timing(stop_at=0.0, then=Then.CLOSE)),
        ),
        "two_answers_wanted": (
            "Sends the next request behind this one, for another path",
            Attack(after=raw("GET /nobody-is-here HTTP/1.1\r\nHost: localhost\r\n\r\n")),
        ),
        "request_in_body": (
            "Hides a request in a body whose length is zero",
            Attack(INVALID, body=raw("GET /nobody-is-here HTTP/1.1\r\nHost: x\r\n\r\n")),
        ),
        "body_before_head": (
            "Sends the body first",
            Attack(INVALID, before=(Piece(part=Part.WHOLE), Piece("\r\n"))),
        ),
    },
)


@attack(FAMILY)
def pipelining(draws: Draws) -> Attack:
    """Sends the request many times on one connection without waiting for answers."""
    return Attack(pipelined=draws.between(3, 50))


@attack(FAMILY, (REFLECTION,))
def foreign_target(draws: Draws) -> Attack:
    """Writes the URL of another host into the request line, as if the agent were an open proxy."""
    host = f"{draws.marker}.invalid"
    headers = (line("X-Note", draws.marker),)
    return Attack(INVALID, target=f"http://{host}{{target}}", headers=headers, marker=draws.marker)
