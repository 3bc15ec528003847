"""Whether protocol attacks may be sent: only to this machine, unless the configuration allows others."""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address

from yarl import URL

from flakestorm.agents.config import HTTP_KINDS, AgentConfig


def attack_refusal(config: AgentConfig, in_python: bool = False) -> str:
    """Why the agent of ``config`` gets no protocol attacks, with the way to change it; empty if it may.

    ``in_python`` says that a Python object is tested in place of what ``config`` names.
    """
    if in_python:
        return "they are malformed HTTP requests, and the agent is an object of this Python program"
    if config.type not in HTTP_KINDS:
        return (
            f"agent.type is {config.type}, and they are malformed HTTP requests, which only an agent of "
            f"type {' or '.join(sorted(HTTP_KINDS))} can be sent"
        )
    host = URL(config.endpoint.replace("{port}", "80")).host or ""
    if config.allow_protocol_attacks or is_this_machine(host):
        return ""
    return (
        f"the host '{host}' of agent.endpoint is not this machine. If it is yours to attack, "
        "set agent.allow_protocol_attacks: true"
    )


def is_this_machine(host: str) -> bool:
    """True for loopback addresses and for the names that stand for them."""
    name = host.rstrip(".").lower()
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        address = ip_address(name)
    except ValueError:
        return False
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped.is_loopback
    # Connecting to 0.0.0.0 or :: reaches the machine itself.
    return address.is_loopback or address.is_unspecified
