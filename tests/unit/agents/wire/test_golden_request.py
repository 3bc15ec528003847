"""The ordinary request is the one that the agent would send, and its parts fit together."""

from __future__ import annotations

import pytest

from flakestorm.agents.config import AgentConfig
from flakestorm.agents.openai import OpenAIParts
from flakestorm.agents.request_parts import RequestParts
from flakestorm.agents.wire.golden_request import GoldenRequest, golden_request
from flakestorm.model.attack import Part


def made(
    endpoint: str = "http://localhost:8000/chat", text: str = 'say "Hi" ü', **keys: object
) -> GoldenRequest:
    """The ordinary request of an agent with these keys."""
    config = AgentConfig.model_validate({"endpoint": endpoint, **keys})
    parts = OpenAIParts(config) if config.type == "openai" else RequestParts(config)
    return golden_request(parts, text, {"x-flakestorm-trial": "t1"}, "s1")


def test_the_body_is_split_behind_the_prompt() -> None:
    """The prompt is escaped as the template needs it."""
    golden = made()
    assert golden.body == ('{"input": "say \\"Hi\\" ü'.encode(), b'"}')
    assert golden.part(Part.UNTIL_PROMPT) + golden.part(Part.AFTER_PROMPT) == golden.part(Part.WHOLE)
    assert golden.part(Part.UNTIL_BRACE) == b"{"
    assert golden.part(Part.AFTER_BRACE) == golden.part(Part.WHOLE)[1:]


@pytest.mark.parametrize(
    ("keys", "body"),
    [
        ({"request_template": '{"a": {prompt}, "b": "{prompt}!"}'}, (b'{"a": "Hi', b'", "b": "Hi!"}')),
        (
            {
                "request_template": "q={prompt}&x=1",
                "headers": {"content-type": "application/x-www-form-urlencoded"},
            },
            (b"q=Hi", b"&x=1"),
        ),
        (
            {"type": "openai", "model": "m"},
            (b'{"model":"m","messages":[{"role":"user","content":"Hi', b'"}]}'),
        ),
        ({"query_params": {"q": "{prompt}"}, "request_template": '{"fixed": 1}'}, (b'{"fixed": 1}', b"")),
        ({"method": "GET"}, None),
    ],
)  # fmt: skip - a line for each
def test_every_way_to_send_a_prompt(keys: dict[str, object], body: tuple[bytes, bytes] | None) -> None:
    """Twice, in a form, as a chat message, in the query, and without a body."""
    assert made(text="Hi", **keys).body == body


def test_headers_are_complete() -> None:
    """Host comes first; what tells the body's length is left to the attack."""
    golden = made(headers={"Authorization": "Bearer k", "content-length": "3"})
    assert golden.headers[0] == ("Host", "localhost:8000")
    named = {name.lower(): value for name, value in golden.headers}
    assert named["authorization"] == "Bearer k"
    assert named["x-flakestorm-trial"] == "t1"
    assert named["content-type"] == "application/json"
    assert named["user-agent"].startswith("flakestorm/")
    assert "content-length" not in named


@pytest.mark.parametrize(
    ("endpoint", "host"),
    [
        ("http://localhost/chat", "localhost"),
        ("https://localhost:443/chat", "localhost"),
        ("http://[::1]:81/chat", "[::1]:81"),
    ],
)
def test_host_is_written_as_http_wants_it(endpoint: str, host: str) -> None:
    """Without the usual port, and with brackets around IPv6."""
    assert made(endpoint).headers[0] == ("Host", host)


def test_a_user_in_the_url_is_basic_authentication() -> None:
    """As the ordinary client does it."""
    golden = made("http://ann:secret@localhost/chat")
    assert ("Authorization", "Basic YW5uOnNlY3JldA==") in golden.headers
