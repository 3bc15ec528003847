"""LangSmith through its own client: runs and projects, and everything that a service may do wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from flakestorm.model.errors import UsageError, WorkError
from flakestorm.replay.config import SourceFilter
from flakestorm.replay.foreign import UnknownShape
from flakestorm.replay.imported import Answered
from flakestorm.replay.langsmith import LangSmith

MANY = 10_000


Service = Callable[..., LangSmith]


@pytest.fixture
def service(langsmith: Any) -> Iterator[Service]:
    """The importer, pointed at the local server; ``service(key)`` has another key."""
    with ExitStack() as stack:

        def opened(key: str = langsmith.key, url: str = langsmith.url) -> LangSmith:
            return stack.enter_context(LangSmith({"LANGSMITH_API_KEY": key, "LANGSMITH_ENDPOINT": url}))

        yield opened


def test_one_run_with_its_tools(langsmith: Any, service: Service) -> None:
    """Input, earlier messages, tool answers in their order, latencies, errors."""
    messages = [
        {"role": "system", "content": "Be kind."},
        {"role": "user", "content": "Hello"},
        {"role": "assistant", "content": "Hello!"},
        {"role": "user", "content": "Where is my order?"},
    ]
    root = langsmith.add_run(error="ValueError: no such order", inputs={"messages": messages})
    start = root["start_time"]
    second = langsmith.add_tool(
        root, "refund", error="HTTP 503", outputs=None, start_time=start[:17] + "30+00:00"
    )
    langsmith.add_tool(root, "inner", parent_run_ids=[root["id"], second["id"]])
    langsmith.add_tool(root, "lookup")
    session = service().run(root["id"])
    assert session.input == "Where is my order?"
    assert session.context == tuple(messages[:3])
    assert session.failed_with == "ValueError: no such order"
    assert session.id == f"langsmith-{root['id']}"
    first, last = session.answered
    assert first == Answered("lookup", {"arrives": "Friday"}, None, 1000.0)
    assert (last.tool, last.response, last.status) == ("refund", "HTTP 503", 500)


def test_a_project_with_filters(langsmith: Any, service: Service) -> None:
    """Status, time and latency choose; tools belong to their own trace."""
    for number in range(6):
        root = langsmith.add_run(number, "boom" if number % 2 else None)
        langsmith.add_tool(root, f"tool{number}")
    slow = langsmith.add_run(7, "slow")
    slow["end_time"] = "2026-11-01T13:00:00+00:00"
    wanted = SourceFilter(status="error", date_range="2026-11-01T12:03:00+00:00")
    found = list(service().project("shop", wanted, None))
    assert [session.input for session in found] == [f"Where is order {n}?" for n in (7, 5, 3)]
    assert [a.tool for a in found[1].answered] == ["tool5"]
    lame = list(service().project("shop", SourceFilter(min_latency_ms=5000), None))
    assert [session.input for session in lame] == ["Where is order 7?"]
    (newest,) = service().project("shop", SourceFilter(), 1)
    assert newest.input == "Where is order 7?"


def test_ten_thousand_runs(langsmith: Any, service: Service) -> None:
    """They come page by page, each once."""
    for number in range(MANY):
        langsmith.add_run(number)
    found = [session.id for session in service().project("shop", SourceFilter(), None)]
    assert len(set(found)) == len(found) == MANY
    assert sum(what == "query" for what, _ in langsmith.asked) >= MANY / 100


def test_a_wrong_key(langsmith: Any, service: Service) -> None:
    """Said with the name of the variable, and without the key."""
    with pytest.raises(WorkError, match=r"the key in LANGSMITH_API_KEY is refused \(401\)") as refusal:
        list(service("lsv2-wrong-key").project("shop", SourceFilter(), 5))
    assert "lsv2" not in str(refusal.value)


def test_no_key() -> None:
    """Keys come from the environment only."""
    with pytest.raises(UsageError, match="set LANGSMITH_API_KEY in the environment"):
        LangSmith({})


def test_a_rate_limit_that_ends(langsmith: Any, service: Service) -> None:
    """The client tries again."""
    root = langsmith.add_run()
    langsmith.refuse_times = 2
    assert service().run(root["id"]).input == "Where is order 0?"
    assert langsmith.refuse_times == 0


def test_a_rate_limit_that_stays(langsmith: Any, service: Service) -> None:
    """One message that says what to do."""
    root = langsmith.add_run()
    langsmith.refuse_times = 1000
    with pytest.raises(WorkError, match=r"too many requests.*--limit"):
        service().run(root["id"])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"start_time": None}, "the field 'start_time' of its Run"),
        (
            {"inputs": {"a": 1, "b": 2}},
            r"inputs is a mapping \(a, b\); accepted: a mapping with one of messages",
        ),
        ({"inputs": {"messages": [{"role": "wizard", "content": "x"}]}}, r'messages\[0\].role is "wizard"'),
        (
            {"inputs": {"messages": [{"content": "x"}]}},
            r"messages\[0\].*accepted: a message with the key role",
        ),
        ({"inputs": ["x"]}, "the field 'inputs' of its Run"),
    ],
)
def test_a_changed_schema(langsmith: Any, service: Service, changes: dict[str, Any], message: str) -> None:
    """The field that changed is named."""
    root = langsmith.add_run(**changes)
    with pytest.raises(UnknownShape, match=message):
        service().run(root["id"])


def test_what_is_not_there(langsmith: Any, service: Service) -> None:
    """A run, a project, and an id that is none."""
    with pytest.raises(WorkError, match="there is no such thing in this workspace"):
        service().run("11111111-1111-4111-8111-111111111112")
    with pytest.raises(WorkError, match="project 'shopp'"):
        list(service().project("shopp", SourceFilter(), 1))
    with pytest.raises(UsageError, match="'42' is no id of a LangSmith run"):
        service().run("42")
    with pytest.raises(UsageError, match="'eror' is no status of a LangSmith run, did you mean 'error'"):
        list(service().project("shop", SourceFilter(status="eror"), 1))


def test_nobody_listens(langsmith: Any, service: Service) -> None:
    """The address is in the message, the key is not."""
    there = service(url="http://127.0.0.1:9")
    with pytest.raises(WorkError, match=r"http://127\.0\.0\.1:9") as refusal:
        list(there.project("shop", SourceFilter(date_range="last_7_days"), 1))
    assert langsmith.key not in str(refusal.value)
