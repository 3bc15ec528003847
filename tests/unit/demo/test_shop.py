"""The tools of the sample agent."""

from __future__ import annotations

from flakestorm.demo.shop import HOURS, ORDERS, POLICIES, TOOL_DESCRIPTIONS, TOOLS, lookup_order


def test_every_tool_is_described() -> None:
    """With exactly its argument, and every choice works."""
    choices = {"number": ORDERS, "topic": POLICIES, "city": HOURS}
    assert [entry["function"]["name"] for entry in TOOL_DESCRIPTIONS] == list(TOOLS)
    for entry in TOOL_DESCRIPTIONS:
        function = entry["function"]
        (argument,) = function["parameters"]["properties"]
        for choice in choices[argument]:
            assert TOOLS[function["name"]](**{argument: choice})["answer"]


def test_weakness_numbers_are_taken_as_typed() -> None:
    """An order in small letters is unknown."""
    assert "error" in lookup_order("fh-48213")
