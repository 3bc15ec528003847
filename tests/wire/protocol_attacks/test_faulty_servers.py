"""Each invariant finds the fault that it is for, and only that, on servers that have just one."""

from __future__ import annotations

import json
import traceback
from http.server import BaseHTTPRequestHandler
from threading import Condition, Event

import pytest

from flakestorm.model.record import TrialRecord, TrialStatus
from flakestorm.model.verdict import VerdictStatus
from flakestorm.model.wire import Ended

DEBUG_PAGE = (
    "<!doctype html><html><head><title>KeyError: 'input' // Werkzeug Debugger</title>"
    '<script src="?__debugger__=yes&amp;cmd=resource&amp;f=debugger.js"></script></head></html>'
)


class Plain(BaseHTTPRequestHandler):
    """Echoes prompts, and answers 400 to what is none; the faults are in its children."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """Answer a prompt."""
        length = self.headers.get("Content-Length", "")
        self.close_connection = True
        self.respond(self.rfile.read(int(length)) if length.isdecimal() else b"")

    def respond(self, body: bytes) -> None:
        """Answer the prompt in ``body``."""
        try:
            text = json.loads(body)["input"]
        except (ValueError, KeyError, TypeError, RecursionError):
            self.answer(400, "send a prompt")
        else:
            self.answer(200, f"You said: {text}")

    def answer(self, status: int, text: str, content_type: str = "text/plain") -> None:
        """Send ``text``."""
        reply = text.encode("utf-8", "replace")
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(reply)))
        self.end_headers()
        self.wfile.write(reply)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the standard library's signature
        """Keep quiet."""


def failures(record: TrialRecord) -> set[str]:
    """The invariants that were broken."""
    return {v.invariant for v in record.verdicts if v.status is VerdictStatus.FAILED}


async def test_a_server_without_faults(faulty_server, attacked) -> None:
    """What the other servers are made of has no fault of its own."""
    record = await attacked(faulty_server(Plain), "content_type_confusion.as_xml")
    assert record.status is TrialStatus.PASSED


async def test_a_server_error(faulty_server, attacked) -> None:
    """Status 500 for a content type that was not expected."""

    class Handler(Plain):
        def respond(self, body: bytes) -> None:
            ok = self.headers.get("Content-Type") == "application/json"
            super().respond(body) if ok else self.answer(500, "oh no")

    record = await attacked(faulty_server(Handler), "content_type_confusion.as_xml")
    assert failures(record) == {"no_server_error"}
    assert record.outcome.status == 500
    assert record.outcome.reply == "oh no"


async def test_a_stack_trace(faulty_server, attacked) -> None:
    """A traceback in a 400; the evidence points at it."""

    class Handler(Plain):
        def respond(self, body: bytes) -> None:
            try:
                self.answer(200, json.loads(body)["input"])
            except ValueError:
                self.answer(400, json.dumps({"error": traceback.format_exc()}), "application/json")

    record = await attacked(faulty_server(Handler), "content_type_confusion.cut_in_half")
    assert failures(record) == {"no_stack_trace"}
    (verdict,) = (v for v in record.verdicts if v.status is VerdictStatus.FAILED)
    start, end = verdict.evidence[0]
    assert (record.outcome.reply or "")[start:end].startswith("Traceback (most recent call last):")


async def test_a_debug_page(faulty_server, attacked) -> None:
    """The debugger of a framework on GET."""

    class Handler(Plain):
        def do_GET(self) -> None:
            self.answer(400, DEBUG_PAGE, "text/html; charset=utf-8")

    record = await attacked(faulty_server(Handler), "request_method_attack.get")
    assert failures(record) == {"no_debug_page"}


async def test_headers_shown_as_html(faulty_server, attacked) -> None:
    """An error page that shows the browser's name as it came."""

    class Handler(Plain):
        def respond(self, body: bytes) -> None:
            self.answer(200, f"<p>Hello {self.headers['User-Agent']}</p>", "text/html")

    url = faulty_server(Handler)
    assert failures(await attacked(url, "http_header_injection.html_in_headers")) == {"no_reflected_header"}


async def test_a_foreign_host_in_a_redirect(faulty_server, attacked) -> None:
    """Links made of the Host header lead to wherever an attacker likes."""

    class Handler(Plain):
        def do_POST(self) -> None:
            self.close_connection = True
            self.send_response(307)
            self.send_header("Location", f"http://{self.headers['Host']}/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

    url = faulty_server(Handler)
    assert failures(await attacked(url, "http_header_injection.foreign_host")) == {"no_reflected_header"}


async def test_a_split_answer(faulty_server, attacked) -> None:
    """A parameter that is put into a header after decoding brings headers of its own."""

    class Handler(Plain):
        def end_headers(self) -> None:
            value = self.path.partition("?input=")[2].replace("%0d", "\r").replace("%0a", "\n")
            self.wfile.write(
                b"".join([*self._headers_buffer, f"X-Said: {value.replace('%20', ' ')}\r\n\r\n".encode()])
            )
            self._headers_buffer = []

    for ordinal in range(20):
        record = await attacked(faulty_server(Handler), "query_parameter_poisoning.line_end", ordinal=ordinal)
        if failures(record) == {"no_reflected_header"}:
            break
    else:
        pytest.fail("none of twenty ways to write a line end was noticed")


async def test_trace_tells_all(faulty_server, attacked) -> None:
    """TRACE gives back the request with its headers."""

    class Handler(Plain):
        def do_TRACE(self) -> None:
            self.answer(200, f"{self.requestline}\r\n{self.headers}", "message/http")

    assert failures(await attacked(faulty_server(Handler), "request_method_attack.trace")) == {
        "no_reflected_header"
    }


async def test_a_server_that_hangs(faulty_server, attacked) -> None:
    """A method that never gets an answer."""
    over = Event()

    class Handler(Plain):
        def do_PATCH(self) -> None:
            over.wait(10)

    record = await attacked(faulty_server(Handler), "request_method_attack.patch", timeout=1000)
    over.set()
    assert failures(record) == {"answered_in_time"}
    assert "no complete answer after 1.0 s" in record.verdicts[0].detail


async def test_a_server_that_hangs_up(faulty_server, attacked) -> None:
    """A valid request whose connection is closed without a word."""

    class Handler(Plain):
        def do_PUT(self) -> None:
            self.close_connection = True
            self.rfile.read(int(self.headers["Content-Length"]))

    record = await attacked(faulty_server(Handler), "request_method_attack.put")
    assert failures(record) == {"answered_in_time"}
    assert record.outcome.wire.exchanges[0].ended is Ended.CLOSED


@pytest.mark.parametrize("operator", ["held_open", "held_in_headers", "slow_body", "slow_headers"])
async def test_one_slow_client_blocks_all_others(faulty_server, attacked, operator: str) -> None:
    """A server with one thread waits for the slow client, and everybody waits with it."""
    url = faulty_server(Plain, threads=False)
    record = await attacked(url, f"timeout_manipulation.{operator}", intensity=0.3)
    assert failures(record) == {"others_served"}
    assert record.outcome.wire.heartbeat.worst_ms > 2000


async def test_a_body_that_kills(faulty_server, attacked) -> None:
    """After a large body nobody listens any more."""

    class Handler(Plain):
        def do_POST(self) -> None:
            if int(self.headers.get("Content-Length", 0)) > 500_000:
                self.server.socket.close()
            super().do_POST()

    record = await attacked(faulty_server(Handler), "payload_size_attack.body_1mb")
    assert "healthy_afterwards" in failures(record)
    again = await attacked(f"{faulty_server(Handler)[:-5]}/nowhere", "payload_size_attack.body_1mb")
    assert again.status is TrialStatus.FAILED


async def test_sessions_that_mix(faulty_server, attacked) -> None:
    """The prompt is kept in a global variable while it is answered."""
    current = {"prompt": ""}
    changed = Condition()

    class Handler(Plain):
        def respond(self, body: bytes) -> None:
            own = json.loads(body)["input"]
            with changed:
                current["prompt"] = own
                changed.notify_all()
                # Long enough for another client to come, also where the machine is busy.
                changed.wait_for(lambda: current["prompt"] != own, timeout=0.5)
                self.answer(200, current["prompt"])

    record = await attacked(faulty_server(Handler), "concurrent_request_pattern.interleaved_sessions")
    assert failures(record) == {"own_reply"}
    assert "which only another client sent" in next(
        v.detail for v in record.verdicts if v.type == "own_reply"
    )


async def test_others_are_turned_away(faulty_server, attacked) -> None:
    """While one client takes its time for its body, all others get a 500."""
    busy = Event()

    class Handler(Plain):
        def do_POST(self) -> None:
            if "Expect" in self.headers:
                busy.set()
                super().do_POST()
                busy.clear()
            elif busy.is_set():
                self.close_connection = True
                self.answer(500, "busy")
            else:
                super().do_POST()

    record = await attacked(faulty_server(Handler), "timeout_manipulation.late_body", intensity=0.05)
    assert failures(record) == {"others_served"}
    (detail,) = (v.detail for v in record.verdicts if v.status is VerdictStatus.FAILED)
    assert "failed: status 500" in detail


async def test_an_agent_that_is_down_is_not_attacked(attacked) -> None:
    """Nothing is proved by attacking what does not work anyway: an error, and no finding."""
    record = await attacked("http://127.0.0.1:9/chat", "request_method_attack.get")
    assert record.status is TrialStatus.ERRORED
    assert record.outcome.wire is None
    assert record.outcome.error is not None
    assert "an ordinary request just before it failed: no connection" in record.outcome.error.message
