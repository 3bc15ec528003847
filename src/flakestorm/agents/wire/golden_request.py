"""The ordinary request for a golden prompt, taken apart so that an attack can put it together wrongly."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from multidict import CIMultiDict
from yarl import URL

from flakestorm.agents.conversation import messages
from flakestorm.agents.request_template import Fill
from flakestorm.model.attack import Part
from flakestorm.version import __version__

END_MARK = "FSENDxOFxPROMPTxFS"
"""Put behind the prompt to see where it ends in the finished body: no format escapes letters."""


class Parts(Protocol):
    """What makes the agent's requests."""

    method: str
    headers: CIMultiDict[str]

    @property
    def takes_messages(self) -> bool:
        """Whether the request holds chat messages."""
        ...

    def url(self, fill: Fill) -> URL:
        """The URL to send to."""
        ...

    def body(self, fill: Fill) -> bytes | None:
        """The body to send."""
        ...


@dataclass(frozen=True, slots=True)
class GoldenRequest:
    """A valid request. ``headers`` begins with Host and has no line that tells the body's length.

    ``body`` is split behind the prompt: (until there, the rest); None where the request has no body.
    """

    url: URL
    method: str
    headers: tuple[tuple[str, str], ...]
    body: tuple[bytes, bytes] | None

    @property
    def target(self) -> str:
        """Path and query, as they stand in the request line."""
        return self.url.raw_path_qs

    def part(self, part: Part) -> bytes:
        """The named part of the body."""
        before, after = self.body or (b"", b"")
        whole = before + after
        if part is Part.UNTIL_PROMPT:
            return before
        if part is Part.AFTER_PROMPT:
            return after
        brace = whole.find(b"{") + 1
        if part is Part.UNTIL_BRACE:
            return whole[:brace]
        return whole[brace:] if part is Part.AFTER_BRACE else whole


def golden_request(parts: Parts, text: str, own_headers: Mapping[str, str], session: str) -> GoldenRequest:
    """The request that ``parts`` makes for ``text``. Raises ``Unsendable``."""
    url = parts.url(_fill(parts, text, session))
    body = parts.body(_fill(parts, text, session))
    split = None
    if body is not None:
        marked = parts.body(_fill(parts, text + END_MARK, session)) or b""
        before, mark, _ = marked.partition(END_MARK.encode())
        # Where the prompt is not in the body at all, its end is the end of the body.
        split = (before, body[len(before) :]) if mark and body.startswith(before) else (body, b"")
    headers = CIMultiDict(parts.headers)
    headers.update(own_headers)
    headers.setdefault("User-Agent", f"flakestorm/{__version__}")
    headers.setdefault("Accept", "*/*")
    if url.raw_user is not None:
        token = b64encode(f"{url.user or ''}:{url.password or ''}".encode()).decode()
        headers.setdefault("Authorization", f"Basic {token}")
    host = headers.pop("Host", None) or _host(url)
    for framing in ("Content-Length", "Transfer-Encoding"):
        headers.popall(framing, None)
    return GoldenRequest(url, parts.method, (("Host", host), *headers.items()), split)


def _fill(parts: Parts, text: str, session: str) -> Fill:
    return Fill(text, messages((text,)) if parts.takes_messages else [], session)


def _host(url: URL) -> str:
    host = url.host_subcomponent or ""
    return host if url.is_default_port() else f"{host}:{url.port}"
