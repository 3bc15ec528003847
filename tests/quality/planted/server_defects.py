"""The desks with defects in how they handle requests, and the catalogue of all servers."""

from __future__ import annotations

import json
import sys
import threading
import traceback
from functools import partial
from http.server import HTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from planted.servers import Desk, Quiet, Served, asynchronous, threaded
from planted.shop import orders


class OneAtATime(HTTPServer):
    """A server that serves one connection after the other."""

    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing."""


class Fragile(Quiet):
    """A server whose only loop ends with the first error in a connection."""

    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Stop serving."""
        if isinstance(sys.exc_info()[1], ConnectionError):
            threading.Thread(target=self.shutdown, daemon=True).start()
            self.socket.close()


class TracebackOnBadBody(Desk):
    """Shows its traceback when the body is not what it expects"""

    def handled(self) -> tuple[int, dict[str, str]]:
        """Status and answer."""
        body = self.body()
        if body is None:
            return 400, {"error": "no body"}
        try:
            return 200, {"output": orders(json.loads(body)["input"])}
        except Exception:  # noqa: BLE001 - this is the defect
            return 500, {"error": traceback.format_exc()}


class ErrorOnCharset(Desk):
    """Answers 500 to bytes that are not UTF-8"""

    def handled(self) -> tuple[int, dict[str, str]]:
        """Status and answer."""
        try:
            return super().handled()
        except LookupError:
            return 500, {"error": "internal error"}

    def parsed(self, body: bytes) -> str:
        """The prompt."""
        try:
            body.decode("utf-8")
        except UnicodeDecodeError:
            raise LookupError from None
        return super().parsed(body)


class DebugPageOnGet(Desk):
    """Shows the debugger's page for methods that it does not have"""

    def do_GET(self) -> None:  # noqa: N802 - http.server calls it so
        """Show too much."""
        page = (
            "<html><head><title>TypeError // Werkzeug Debugger</title></head><body>"
            "<h1>TypeError</h1><div class='traceback'><p>Traceback (most recent call last)</p>"
            '<pre>File "/srv/app/desk.py", line 31, in chat</pre></div>'
            "<p>The debugger caught an exception in your WSGI application.</p></body></html>"
        )
        self.reply(500, page.encode(), "text/html")


class ReflectedHeaders(Desk):
    """Sends the headers of the request back with its answer"""

    def reply(self, status: int, body: bytes, kind: str, headers: tuple[tuple[str, str], ...] = ()) -> None:
        """Send an answer."""
        echoed = [(name, value) for name, value in self.headers.items() if name.lower().startswith("x-")]
        super().reply(status, body, kind, tuple(echoed[:20]))


class ErrorOnHugeBody(Desk):
    """Answers 500 to bodies of more than half a megabyte"""

    def handled(self) -> tuple[int, dict[str, str]]:
        """Status and answer."""
        body = self.body()
        if body is not None and len(body) > 500_000:
            return 500, {"error": "internal error"}
        if body is None:
            return 400, {"error": "no body"}
        try:
            return 200, {"output": orders(self.parsed(body))}
        except (ValueError, RecursionError):
            return 400, {"error": "bad body"}


class ErrorOnDeepNesting(Desk):
    """Answers 500 to JSON that is nested too deeply for its parser"""

    def handled(self) -> tuple[int, dict[str, str]]:
        """Status and answer."""
        try:
            return super().handled()
        except LookupError:
            return 500, {"error": "internal error"}

    def parsed(self, body: bytes) -> str:
        """The prompt."""
        try:
            return super().parsed(body)
        except RecursionError:
            raise LookupError from None


class ErrorOnDuplicateParameter(Desk):
    """Answers 500 when a query parameter comes twice"""

    def handled(self) -> tuple[int, dict[str, str]]:
        """Status and answer."""
        values = parse_qs(urlsplit(self.path).query, keep_blank_values=True).values()
        answer = super().handled()
        return (500, {"error": "internal error"}) if any(len(value) > 1 for value in values) else answer


class ErrorOnLongHeader(Desk):
    """Answers 500 when a header is longer than its buffer"""

    def handled(self) -> tuple[int, dict[str, str]]:
        """Status and answer."""
        answer = super().handled()
        if sum(len(name) + len(value) for name, value in self.headers.items()) > 8000:
            return 500, {"error": "internal error"}
        return answer


class DeletesOnDelete(Desk):
    """Takes any method, and its framework maps DELETE to deleting all orders"""

    emptied: set[int] = set()  # noqa: RUF012 - shared by the requests to one server on purpose

    def do_DELETE(self) -> None:  # noqa: N802 - http.server calls it so
        """Lose everything."""
        self.emptied.add(id(self.server))
        self.reply(200, b"{}", "application/json")

    def handled(self) -> tuple[int, dict[str, str]]:
        """Status and answer."""
        status, answer = super().handled()
        return (503, {"error": "no orders"}) if id(self.server) in self.emptied else (status, answer)


class SharedBuffer(Desk):
    """Keeps the prompt in a field that all requests share while it works"""

    latest = ""

    def parsed(self, body: bytes) -> str:
        """The prompt."""
        text = super().parsed(body)
        type(self).latest = text
        threading.Event().wait(0.02)
        return type(self).latest

    def handled(self) -> tuple[int, dict[str, str]]:
        """Status and answer."""
        status, answer = super().handled()
        return (
            (status, {"output": f"{answer['output']} (You asked: {self.latest})"})
            if status == 200
            else (status, answer)
        )


class WaitsForever(Desk):
    """Serves one client after the other, however long each of them takes"""

    protocol_version = "HTTP/1.0"
    timeout = None  # type: ignore[assignment]  # what socketserver takes for no limit


HANDLERS: dict[type[Desk], tuple[str, ...]] = {
    TracebackOnBadBody: ("content_type_confusion",),
    ErrorOnCharset: ("content_type_confusion",),
    DebugPageOnGet: ("request_method_attack",),
    ReflectedHeaders: ("http_header_injection",),
    ErrorOnHugeBody: ("payload_size_attack",),
    ErrorOnDeepNesting: ("payload_size_attack",),
    ErrorOnDuplicateParameter: ("query_parameter_poisoning",),
    ErrorOnLongHeader: ("http_header_injection", "resource_exhaustion"),
    DeletesOnDelete: ("request_method_attack",),
    SharedBuffer: ("concurrent_request_pattern",),
}
SERVED = (
    Served("threaded", "", (), lambda: threaded(Desk)),
    Served("asynchronous", "", (), asynchronous),
    *(
        Served(handler.__name__, handler.__doc__ or "", types, partial(threaded, handler))
        for handler, types in HANDLERS.items()
    ),
    Served(
        "OneAtATime",
        WaitsForever.__doc__ or "",
        ("timeout_manipulation",),
        lambda: threaded(WaitsForever, OneAtATime),
    ),
    Served(
        "Fragile",
        "Stops serving when a client goes away too early",
        ("protocol_level_attack", "concurrent_request_pattern"),
        lambda: threaded(Desk, Fragile),
    ),
)
