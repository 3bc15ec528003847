"""Heads of requests: what h11, a strict server, reads out of them is what was put in."""

from __future__ import annotations

import h11
import pytest
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from flakestorm.agents.request_head import RequestHeads
from flakestorm.agents.request_template import Unsendable

PLAIN = URL("http://agent.test:8000/chat?a=1")


def as_read(head: bytes) -> tuple[str, str, dict[str, str]]:
    """Method, target and headers as a server reads them; h11 refuses what is not to the letter."""
    server = h11.Connection(h11.SERVER)
    server.receive_data(head)
    event = server.next_event()
    assert isinstance(event, h11.Request)
    names = [name.decode() for name, _ in event.headers]
    assert len(names) == len(set(names))
    return event.method.decode(), event.target.decode(), {n.decode(): v.decode() for n, v in event.headers}


def test_what_every_request_has() -> None:
    """Host, who asks, and what may come back."""
    method, target, headers = as_read(
        RequestHeads({}).head("POST", PLAIN, {"x-flakestorm-trial": "t1"}, b"{}")
    )
    assert (method, target) == ("POST", "/chat?a=1")
    assert headers.pop("user-agent").startswith("flakestorm/")
    assert headers == {
        "host": "agent.test:8000",
        "accept": "*/*",
        "accept-encoding": "gzip, deflate",
        "x-flakestorm-trial": "t1",
        "content-length": "2",
    }


def test_the_users_headers_win() -> None:
    """Except over the framing, which is what the body makes it."""
    given_headers = {"host": "other", "Content-Length": "99", "ACCEPT": "text/plain", "cookie": "a=1"}
    heads = RequestHeads(given_headers)
    _, _, headers = as_read(heads.head("POST", PLAIN, {"Cookie": "a=1; sid=2"}, b"abc"))
    assert (headers["host"], headers["accept"], headers["content-length"]) == ("other", "text/plain", "3")
    assert headers["cookie"] == "a=1; sid=2"


@pytest.mark.parametrize(
    ("method", "length"), [("GET", None), ("HEAD", None), ("POST", "0"), ("DELETE", "0")]
)
def test_no_body(method: str, length: str | None) -> None:
    """An empty body is told where one is expected."""
    assert as_read(RequestHeads({}).head(method, PLAIN, {}, None))[2].get("content-length") == length


def test_addresses() -> None:
    """Default ports are left out, IPv6 addresses have their brackets, a user in the URL is authorised."""
    heads = RequestHeads({})
    assert as_read(heads.head("GET", URL("https://agent.test/"), {}, None))[2]["host"] == "agent.test"
    assert as_read(heads.head("GET", URL("http://[::1]:8000/"), {}, None))[2]["host"] == "[::1]:8000"
    user = as_read(heads.head("GET", URL("http://ann:p%40ss@agent.test/"), {}, None))[2]
    assert user["authorization"] == "Basic YW5uOnBAc3M="


@given(st.text(max_size=20))
def test_no_header_breaks_out(value: str) -> None:
    """Whatever a session id is made of: it arrives as it is, or is not sent."""
    try:
        head = RequestHeads({}).head("GET", PLAIN, {"x-session": value}, None)
    except Unsendable:
        return
    assert head.count(b"\r\n") == RequestHeads({}).head("GET", PLAIN, {"x-session": "s"}, None).count(b"\r\n")
    assert f"x-session: {value}\r\n".encode() in head
