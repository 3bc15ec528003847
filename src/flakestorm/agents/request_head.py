"""The head of a request as bytes: what is the same in all requests is put together once."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Mapping

from multidict import CIMultiDict
from yarl import URL

from flakestorm.agents.content_coding import ACCEPTED
from flakestorm.agents.request_template import Unsendable
from flakestorm.version import __version__

WITHOUT_LENGTH = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
"""Methods of which a request without a body does not say that its body is empty."""

OURS = frozenset({"content-length", "transfer-encoding"})
"""The framing is what the body makes it."""

UNSENDABLE = re.compile(r"[\r\n\0]")


class RequestHeads:
    """Makes heads of requests that all have ``headers``."""

    def __init__(self, headers: Mapping[str, str]) -> None:
        self._headers = CIMultiDict(headers)
        for name, value in (
            ("Accept", "*/*"),
            ("Accept-Encoding", ACCEPTED),
            ("User-Agent", f"flakestorm/{__version__}"),
        ):
            self._headers.setdefault(name, value)
        self._fixed: dict[tuple[str, ...], str] = {}

    def head(self, method: str, url: URL, headers: Mapping[str, str], body: bytes | None) -> bytes:
        """The head of one request; ``headers`` replace those of the same names. Raises ``Unsendable``."""
        lines = [f"{method} {url.raw_path_qs} HTTP/1.1\r\n", self._fixed_for(url, tuple(headers))]
        lines += [_line(name, value) for name, value in headers.items()]
        if body is not None or method not in WITHOUT_LENGTH:
            lines.append(f"Content-Length: {len(body or b'')}\r\n")
        lines.append("\r\n")
        try:
            return "".join(lines).encode()
        except UnicodeEncodeError as error:
            raise Unsendable(f"a header cannot be sent: {error.reason}") from None

    def _fixed_for(self, url: URL, replaced: tuple[str, ...]) -> str:
        key = (url.raw_authority, *replaced)
        fixed = self._fixed.get(key)
        if fixed is None:
            fixed = self._fixed[key] = "".join(self._fixed_lines(url, {name.lower() for name in replaced}))
        return fixed

    def _fixed_lines(self, url: URL, replaced: set[str]) -> list[str]:
        headers = self._headers.copy()
        headers.setdefault("Host", url.host_port_subcomponent or "")
        if url.raw_user is not None:
            pair = f"{url.user}:{url.password or ''}".encode()
            headers.setdefault("Authorization", f"Basic {b64encode(pair).decode()}")
        return [
            _line(name, value)
            for name, value in sorted(headers.items(), key=lambda pair: pair[0].lower() != "host")
            if name.lower() not in replaced and name.lower() not in OURS
        ]


def _line(name: str, value: str) -> str:
    if UNSENDABLE.search(name) or UNSENDABLE.search(value):
        raise Unsendable(
            f"the header {name[:40]!r} has a line break or a NUL in it, which no header can have"
        )
    return f"{name}: {value}\r\n"
