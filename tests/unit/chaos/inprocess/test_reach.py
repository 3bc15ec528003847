"""Whether faults can reach the agent: what is missing is said, with what was seen instead."""

from __future__ import annotations

import pytest

from flakestorm.chaos.inprocess import reach as reach_module
from flakestorm.chaos.inprocess.reach import Reach
from flakestorm.chaos.inprocess.watch import Watch
from flakestorm.chaos.recognition import ToolPlace
from flakestorm.chaos.traffic import Traffic


@pytest.fixture(autouse=True)
def _undeclared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reach_module, "declared", set())


def _called(watch: Watch, url: str, body: bytes = b"{}") -> None:
    watch.http(Traffic("t"), "httpx", "POST", url, {}, body)


def test_nothing_is_known() -> None:
    """Each kind of fault says what it misses, and how to bring it about."""
    reach = Reach(Watch())
    said = reach.missing({"tool", "llm", "context"})
    assert "There are tool faults, but no tool is known and no call of one was seen" in said
    assert "@flakestorm.tool" in said
    assert "There are LLM faults, but no call of a language model was seen" in said
    assert "There are context attacks, but neither" in said
    assert said.endswith("Calls that were seen: none.")
    assert reach.missing(()) == ""


def test_hosts_that_may_be_tools_are_named() -> None:
    """Other HTTP calls are a hint at the tools' addresses."""
    watch = Watch()
    _called(watch, "http://shop.example/orders")
    said = Reach(watch).missing({"tool"})
    assert "(other hosts that it called: shop.example)" in said
    assert said.endswith("Calls that were seen: httpx 1.")
    assert Reach(watch).missing({"tool"}, by_url=True) == ""
    assert "no tool is known" in Reach(Watch()).missing({"tool"}, by_url=True)


def test_known_or_seen_is_enough() -> None:
    """A known tool may still be called; a seen call proves the way."""
    known = Watch({"shop": ToolPlace("http://shop.example")})
    assert Reach(known).missing({"tool", "context"}) == ""
    assert "no call of a language model" in Reach(known).missing({"llm"})
    seen = Watch()
    _called(seen, "http://x/v1/messages", b'{"model": "m"}')
    assert Reach(seen).missing({"llm", "context"}) == ""
    assert Reach(seen).kinds == {"llm": 1}
    assert "no tool is known" in Reach(seen).missing({"tool"})
