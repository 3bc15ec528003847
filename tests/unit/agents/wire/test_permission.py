"""Malformed requests go to this machine, or where the configuration says so; and only over HTTP."""

from __future__ import annotations

import pytest

from flakestorm.agents.config import AgentConfig
from flakestorm.agents.wire.permission import attack_refusal, is_this_machine


@pytest.mark.parametrize(
    ("host", "own"),
    [
        ("localhost", True),
        ("LOCALHOST.", True),
        ("agent.localhost", True),
        ("127.0.0.1", True),
        ("127.8.9.10", True),
        ("::1", True),
        ("0.0.0.0", True),
        ("::ffff:127.0.0.1", True),
        ("::ffff:10.0.0.1", False),
        ("10.0.0.1", False),
        ("localhost.example.com", False),
        ("127.0.0.1.example.com", False),
        ("example.com", False),
        ("", False),
    ],
)
def test_this_machine(host: str, own: bool) -> None:
    """Names and addresses of loopback, and nothing that looks like them."""
    assert is_this_machine(host) is own


@pytest.mark.parametrize(
    "endpoint", ["http://127.0.0.1:{port}/chat", "https://localhost/chat", "http://[::1]:8/"]
)
def test_this_machine_may_be_attacked(endpoint: str) -> None:
    """Without asking, also with a port that is not known yet."""
    config = AgentConfig.model_validate({"endpoint": endpoint, "serve": {"command": ["x"]}})
    assert attack_refusal(config) == ""


def test_other_machines_need_permission() -> None:
    """The refusal says how to give it."""
    config = AgentConfig(endpoint="https://agent.example.com/chat")
    assert "'agent.example.com'" in attack_refusal(config)
    assert "agent.allow_protocol_attacks: true" in attack_refusal(config)
    assert attack_refusal(config.model_copy(update={"allow_protocol_attacks": True})) == ""


def test_other_agents_cannot_be_attacked() -> None:
    """A program and a Python object have no HTTP to break."""
    assert "agent.type is command" in attack_refusal(AgentConfig(type="command", command="cat"))
    assert "object of this Python program" in attack_refusal(
        AgentConfig(endpoint="http://localhost"), in_python=True
    )
