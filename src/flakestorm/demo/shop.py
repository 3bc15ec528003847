"""The shop that the sample agent works for: its orders, its rules, and the tools that look them up."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

NAME = "Fernhill Outfitters"

ORDERS = {
    "FH-48213": "Order FH-48213 (Alder rain jacket) left our depot and arrives on Thursday, 14 May.",
    "FH-50977": "Order FH-50977 (Tarn two-person tent) is being packed and arrives on Tuesday, 19 May.",
}
POLICIES = {
    "returns": "You can return unused goods within 60 days for a full refund to your card. Worn boots can be "
    "exchanged once within 30 days.",
    "shipping": "Shipping to Canada costs 12 dollars and takes 5 to 8 days; orders above 150 go free.",
    "warranty": "Zips, seams and poles are under warranty for 5 years, and repairs take about 2 weeks.",
}
HOURS = {
    "Portland": "Our Portland store is open from 9 to 19 on weekdays and from 10 to 17 on Sunday.",
}
FREQUENT_ANSWERS = {
    "gift card": "Gift cards never expire and can be used in every store and online. [source: faq]",
}
"""Answered without the LLM, to save money."""


def lookup_order(number: str) -> dict[str, str]:
    """What is known of one order."""
    # Weakness: the number is taken as it was typed, so fh-48213 and FH 48213 are unknown.
    found = ORDERS.get(number)
    if found is None:
        return {"error": f"I could not find an order {number}. Please check the number."}
    return {"answer": found, "source": "orders"}


def get_policy(topic: str) -> dict[str, str]:
    """The shop's rule on returns, shipping or warranty."""
    return {"answer": POLICIES[topic], "source": "policies"}


def store_hours(city: str) -> dict[str, str]:
    """When the store in ``city`` is open."""
    return {"answer": HOURS[city], "source": "stores"}


TOOLS: Mapping[str, Callable[..., dict[str, str]]] = {
    "lookup_order": lookup_order,
    "get_policy": get_policy,
    "store_hours": store_hours,
}


def _described(name: str, argument: str, choices: list[str] | None = None) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "string"}
    if choices:
        schema["enum"] = choices
    return {
        "type": "function",
        "function": {
            "name": name,
            "description": (TOOLS[name].__doc__ or "").strip(),
            "parameters": {"type": "object", "properties": {argument: schema}, "required": [argument]},
        },
    }


TOOL_DESCRIPTIONS = [
    _described("lookup_order", "number"),
    _described("get_policy", "topic", sorted(POLICIES)),
    _described("store_hours", "city", sorted(HOURS)),
]
"""The tools as the LLM is told of them."""
