"""Where requests go: paths, addresses, versions, queries, and the agent's own variables."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest

from flakestorm.chaos.config import GatewayConfig
from flakestorm.chaos.gateway.routes import PROVIDERS, NoRoute, Routes, joined, tool_path

OWN = frozenset({("127.0.0.1", 4000), ("localhost", 4000)})
CONFIG = GatewayConfig.model_validate(
    {
        "upstreams": {"openai": "http://llm:9100/v1", "google": "http://127.0.0.1:4000/google"},
        "tools": {
            "shop": {"upstream": "http://shop:1/api/", "names": {"refund": "POST /refund"}},
            "a b": {"upstream": "http://find"},
        },
    }
)


@pytest.fixture
def routes() -> Routes:
    """Routes without an environment around them."""
    return Routes(CONFIG, {}, OWN)


@pytest.mark.parametrize(
    ("base", "rest", "url"),
    [
        ("http://x", "/a?b", "http://x/a?b"),
        ("http://x/", "/a", "http://x/a"),
        ("http://x/v1", "/v1/models", "http://x/v1/models"),
        ("http://x/v1", "/v1", "http://x/v1"),
        ("http://x/v1/", "/v1?q", "http://x/v1?q"),
        ("http://x/v1", "/v1beta/models", "http://x/v1/v1beta/models"),
        ("http://x/v1beta", "/v1/models", "http://x/v1beta/v1/models"),
        ("http://x", "/v1/messages", "http://x/v1/messages"),
        ("http://x/d?api-version=1", "/chat", "http://x/d/chat?api-version=1"),
        ("http://x/d?api-version=1", "/chat?a=b", "http://x/d/chat?api-version=1&a=b"),
        ("http://x", "", "http://x"),
        ("http://x", "?a", "http://x?a"),
        ("http://x", "//a/../%2e", "http://x//a/../%2e"),
    ],
)
def test_joined(base: str, rest: str, url: str) -> None:
    """A version is taken once, a query is kept, and the path stays as it is."""
    assert joined(base, rest) == url


def test_find(routes: Routes) -> None:
    """The gateway's paths, its own address in full, and other servers' addresses."""
    assert routes.find("/openai/chat/completions").url == "http://llm:9100/v1/chat/completions"
    assert routes.find("/anthropic/v1/messages").url == "https://api.anthropic.com/v1/messages"
    assert routes.find("http://localhost:4000/openai/models?a").url == "http://llm:9100/v1/models?a"
    assert routes.find("http://elsewhere/x?y").url == "http://elsewhere/x?y"
    tool = routes.find("/tool/shop/refund?x=1")
    assert (tool.url, tool.tool, tool.path) == ("http://shop:1/api/refund?x=1", "shop", "/refund")
    assert tool.setting == "chaos.gateway.tools.shop.upstream"
    admin = routes.find("http://127.0.0.1:4000/__flakestorm__/health")
    assert (admin.is_admin, admin.path) == (True, "/__flakestorm__/health")
    assert not tool.is_admin


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("/anthropi/x", "no route for '/anthropi', did you mean '/anthropic'?"),
        ("/tool/shopp", "no tool 'shopp' is configured, did you mean 'shop'? Configured: a b, shop"),
        ("http://127.0.0.1:4000", "no route for '/'"),
        ("*", "'*' is neither a path nor an http address"),
        ("/google/v1/models", "chaos.gateway.upstreams.google is the address of this gateway"),
    ],
)
def test_no_route(routes: Routes, target: str, message: str) -> None:
    """What was asked for, the nearest route, and what there is."""
    with pytest.raises(NoRoute, match=re.escape(message)):
        routes.find(target)


def test_no_tools() -> None:
    """Where there are none, the message says how to add one."""
    with pytest.raises(NoRoute, match=r"Configured: none; add it to chaos\.gateway\.tools"):
        Routes(GatewayConfig(), {}, OWN).find("/tool/shop")


@pytest.mark.parametrize(
    ("surroundings", "name", "upstream"),
    [
        ({}, "openai", "https://api.openai.com/v1"),
        ({"OPENAI_BASE_URL": "https://azure/x?v=1"}, "openai", "https://azure/x?v=1"),
        ({"OPENAI_API_BASE": "https://old/v1"}, "openai", "https://old/v1"),
        ({"OPENAI_BASE_URL": "http://127.0.0.1:4000/openai"}, "openai", "https://api.openai.com/v1"),
        ({"OPENAI_BASE_URL": "nonsense"}, "openai", "https://api.openai.com/v1"),
        ({"OLLAMA_HOST": "0.0.0.0"}, "ollama", "http://127.0.0.1:11434"),
        ({"OLLAMA_HOST": ":7000"}, "ollama", "http://127.0.0.1:7000"),
        ({"OLLAMA_HOST": "box:7000"}, "ollama", "http://box:7000"),
        ({"OLLAMA_HOST": "https://box/path"}, "ollama", "https://box/path"),
        ({}, "ollama", "http://127.0.0.1:11434"),
    ],
)
def test_upstreams_of_the_surroundings(surroundings: dict[str, str], name: str, upstream: str) -> None:
    """The agent's own address of a provider is the upstream, unless it is this gateway."""
    assert Routes(GatewayConfig(), surroundings, OWN).upstreams[name] == upstream


def test_configured_upstreams_come_first() -> None:
    """What the configuration says counts more than the surroundings."""
    assert Routes(CONFIG, {"OPENAI_BASE_URL": "http://x"}, OWN).upstreams["openai"] == "http://llm:9100/v1"


def test_calls(routes: Routes) -> None:
    """By a tool's path or address a tool, by an API's path a model; a provider's path is never a tool."""
    body = b'{"model": "m", "stream": true}'
    tool = routes.call(routes.find("/tool/shop/refund"), "POST", [("A", "b")], b"x")
    assert (tool.kind, tool.name, tool.headers, tool.body) == ("tool", "refund", {"a": "b"}, b"x")
    by_address = routes.call(routes.find("http://shop:1/api/refund"), "POST", [], b"")
    assert (by_address.kind, by_address.name) == ("tool", "refund")
    llm = routes.call(routes.find("/openai/chat/completions"), "POST", [], body)
    assert (llm.kind, llm.provider, llm.name, llm.stream) == ("llm", "openai", "m", True)
    same = Routes(
        GatewayConfig.model_validate(
            {"upstreams": {"openai": "http://x/v1"}, "tools": {"t": {"url": "http://x"}}}
        ),
        {},
        OWN,
    )
    assert same.call(same.find("/openai/chat/completions"), "POST", [], body).kind == "llm"
    assert same.call(same.find("http://x/orders"), "GET", [], b"").name == "orders"


def test_tool_path() -> None:
    """Any name makes a path that leads back to it."""
    assert tool_path("a b") == "/tool/a%20b"
    assert Routes(CONFIG, {}, OWN).find(tool_path("a b") + "/x").tool == "a b"


def test_usual_addresses() -> None:
    """Each provider has one, and variables."""
    for usual, variables in PROVIDERS.values():
        assert urlsplit(usual).hostname
        assert variables
