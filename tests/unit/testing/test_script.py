"""What a script answers: functions, rules and fixed answers."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from flakestorm.testing.script import (
    Answer,
    Failure,
    Message,
    Reply,
    Rule,
    Tool,
    ToolCall,
    perform,
    script_of,
)

ASKED = (Message("system", "be nice"), Message("user", "Where is my ORDER?"))
CALL = ToolCall("lookup", {"id": 7})
ANSWERED = (*ASKED, Message("assistant", tool_calls=(CALL,)), Message("tool", "on its way", tool_call_id="1"))


@pytest.mark.parametrize("answer", [Reply("yes"), Failure(429, "slow down")])
async def test_a_fixed_answer(answer: Answer) -> None:
    """It is given to everything."""
    assert await perform(script_of(answer), ASKED, ()) == answer


async def test_a_text_is_a_reply() -> None:
    """From a function as from a fixed answer."""
    assert await perform(script_of("yes"), ASKED, ()) == Reply("yes")
    assert await perform(lambda messages, tools: messages[-1].text, ASKED, ()) == Reply("Where is my ORDER?")


async def test_an_async_function() -> None:
    """Is awaited, and sees messages and tools."""

    async def script(messages: Sequence[Message], tools: Sequence[Tool]) -> Answer:
        return f"{len(messages)} {tools[0].name}"

    assert await perform(script, ASKED, (Tool("lookup"),)) == Reply("2 lookup")


async def test_no_answer_at_all() -> None:
    """A script that answers something else is told what it may answer."""
    with pytest.raises(TypeError, match="a str, a Reply and a Failure"):
        await perform(lambda messages, tools: None, ASKED, ())  # type: ignore[arg-type,return-value] # on purpose


async def test_the_first_fitting_rule_speaks() -> None:
    """In any case of letters; after the tool's result, its ``then``."""
    rules = [
        Rule("refund", "no"),
        Rule(r"order\?", Reply(tool_calls=(CALL,)), then="It is {result}."),
        Rule("", "late"),
    ]
    script = script_of(rules)
    assert await perform(script, ASKED, ()) == Reply(tool_calls=(CALL,))
    assert await perform(script, ANSWERED, ()) == Reply("It is on its way.")


async def test_then_may_be_another_call() -> None:
    """Any answer is one."""
    script = script_of([Rule("order", Reply(tool_calls=(CALL,)), then=Failure(500, "broken"))])
    assert await perform(script, ANSWERED, ()) == Failure(500, "broken")


async def test_no_rule_fits() -> None:
    """The client hears of it, in a way that it does not try again."""
    answer = await perform(script_of([Rule("refund", "no")]), ASKED, ())
    assert isinstance(answer, Failure)
    assert answer.status == 400
    assert "Where is my ORDER?" in answer.message


async def test_a_conversation_without_a_user() -> None:
    """Only rules that fit the empty text speak."""
    assert await perform(script_of([Rule("^$", "hello")]), (Message("system", "be nice"),), ()) == Reply(
        "hello"
    )
