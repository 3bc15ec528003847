"""The agent's variables: base URLs, tools, proxies, and what does not go through the proxy."""

from __future__ import annotations

from typing import Any

import pytest

from flakestorm.chaos.config import GatewayConfig
from flakestorm.chaos.gateway.environment import environment

ADDRESS = "http://127.0.0.1:4000"


def variables(config: dict[str, Any], **surroundings: str) -> dict[str, str]:
    """The variables for a configuration."""
    return environment(ADDRESS, GatewayConfig.model_validate(config), surroundings)


def test_base_urls_and_tools() -> None:
    """Each SDK's variable, each tool's, and the proxy for plain HTTP."""
    made = variables({"tools": {"my shop": {"upstream": "http://x", "env": "SHOP_URL"}}})
    assert made == {
        "OPENAI_BASE_URL": f"{ADDRESS}/openai",
        "OPENAI_API_BASE": f"{ADDRESS}/openai",
        "ANTHROPIC_BASE_URL": f"{ADDRESS}/anthropic",
        "GOOGLE_GEMINI_BASE_URL": f"{ADDRESS}/google",
        "OLLAMA_HOST": f"{ADDRESS}/ollama",
        "SHOP_URL": f"{ADDRESS}/tool/my%20shop",
        "HTTP_PROXY": ADDRESS,
        "http_proxy": ADDRESS,
        "NO_PROXY": "127.0.0.1:4000,localhost,127.0.0.1,::1",
        "no_proxy": "127.0.0.1:4000,localhost,127.0.0.1,::1",
    }


@pytest.mark.parametrize(
    ("config", "surroundings", "exceptions"),
    [
        # Somebody else's exceptions stay.
        ({}, {"NO_PROXY": "db.internal, .corp"}, "db.internal,.corp,localhost,127.0.0.1,::1"),
        ({}, {"no_proxy": "db"}, "db,localhost,127.0.0.1,::1"),
        # What is configured on this machine has to be seen.
        ({"tools": {"t": {"upstream": "http://localhost:9"}}}, {}, ""),
        ({"upstreams": {"openai": "http://127.0.0.1:9/v1"}}, {"NO_PROXY": "localhost,db"}, "db"),
        # A tool that has a variable is reached without the proxy.
        ({"tools": {"t": {"upstream": "http://localhost:9", "env": "T"}}}, {}, "localhost,127.0.0.1,::1"),
        # An exception that hides a tool goes.
        (
            {"tools": {"t": {"upstream": "http://api.corp"}}},
            {"NO_PROXY": ".corp,*.corp,api.corp,other.corp,orp"},
            "other.corp,orp,localhost,127.0.0.1,::1",
        ),
        ({"tools": {"t": {"upstream": "http://api.corp"}}}, {"NO_PROXY": "*"}, "localhost,127.0.0.1,::1"),
        ({}, {"NO_PROXY": "*"}, "*,localhost,127.0.0.1,::1"),
    ],
)
def test_exceptions(config: dict[str, Any], surroundings: dict[str, str], exceptions: str) -> None:
    """The gateway itself is always one; the rest is what need not be seen."""
    expected = f"127.0.0.1:4000,{exceptions}".rstrip(",")
    made = variables(config, **surroundings)
    assert made["NO_PROXY"] == made["no_proxy"] == expected


def test_https_only_where_a_tool_needs_it() -> None:
    """A tunnel shows nothing but the connection, so it is not asked for without a reason."""
    hidden = variables({"tools": {"t": {"upstream": "https://api.corp"}}})
    assert hidden["HTTPS_PROXY"] == hidden["https_proxy"] == ADDRESS
    assert "HTTPS_PROXY" not in variables({"tools": {"t": {"upstream": "https://api.corp", "env": "T"}}})
