"""How functions, objects and classes are called, by their signatures."""

from __future__ import annotations

import functools
from typing import Any

import pytest

from flakestorm.agents.python_entry import made, python_entry
from flakestorm.model.errors import UsageError

ONE = ("hello",)
TWO = ("first", "second")


def call(target: object, turns: tuple[str, ...] = ONE, replies: tuple[str, ...] = ()) -> Any:
    """The result of the call that flakestorm would make."""
    return python_entry(target, "app:agent").bind(turns, replies)()


class Invoking:
    """An agent object."""

    def invoke(self, text: str) -> str:
        """Answer."""
        return f"invoke {text}"


class Calling:
    """An agent that is called itself."""

    def __call__(self, text: str) -> str:
        """Answer."""
        return f"call {text}"


class Asynchronous(Invoking):
    """An agent with both a plain and an async method."""

    async def ainvoke(self, text: str) -> str:
        """Answer later."""
        return text


class Chatty:
    """An object without any of the methods that flakestorm knows."""

    def chat(self, text: str) -> str:
        """Answer."""
        return text


@pytest.mark.parametrize(
    ("target", "result"),
    [
        (lambda text: text, "hello"),
        (lambda text="x", extra=1: text, "hello"),
        (lambda *words: words[0], "hello"),
        (lambda *, prompt: prompt, "hello"),
        (lambda *, temperature=1, question: question, "hello"),
        (functools.partial(lambda prefix, text: prefix + text, "> "), "> hello"),
        (Invoking(), "invoke hello"),
        (Invoking().invoke, "invoke hello"),
        (Invoking, "invoke hello"),
        (Calling(), "call hello"),
        (str.upper, "HELLO"),
        ({"hello": "builtin"}.get, "builtin"),
        (max, "o"),
    ],
)
def test_the_prompt_gets_in(target: object, result: str) -> None:
    """In first position, or by one of the usual keyword names."""
    assert call(target) == result


def test_a_conversation_becomes_a_transcript() -> None:
    """A function of one text gets all turns in it."""
    assert call(lambda text: text, TWO) == "User: first\n\nUser: second"


def test_messages_alone_are_the_whole_conversation() -> None:
    """``messages`` without a parameter for the prompt holds every turn and reply."""
    expected = [
        {"role": "user", "content": "first"},
        {"role": "assistant", "content": "reply"},
        {"role": "user", "content": "second"},
    ]
    assert call(lambda messages: messages, TWO, ("reply",)) == expected
    assert call(lambda messages, model="small": messages, TWO, ("reply",)) == expected
    assert call(lambda model="small", *, messages: messages, TWO, ("reply",)) == expected
    assert call(lambda messages: messages) == [{"role": "user", "content": "hello"}]


def test_history_holds_the_earlier_turns() -> None:
    """With a parameter for the prompt, the list has only what was said before."""
    earlier = [{"role": "user", "content": "first"}, {"role": "assistant", "content": "reply"}]
    assert call(lambda text, history: (text, history), TWO, ("reply",)) == ("second", earlier)
    assert call(lambda prompt="", chat_history=(): (prompt, chat_history), TWO, ("reply",)) == (
        "second",
        earlier,
    )
    assert call(lambda *, prompt, messages: (prompt, messages), TWO, ("reply",)) == ("second", earlier)


def test_history_without_earlier_turns() -> None:
    """An optional history is left to its default, a required one is empty."""
    assert call(lambda text, history="none": (text, history)) == ("hello", "none")
    assert call(lambda text, history: (text, history)) == ("hello", [])


def test_what_runs_on_the_event_loop() -> None:
    """Coroutine functions, async generators and async ``__call__`` do; all others get a thread."""

    async def coroutine(text: str) -> str:
        return text

    async def generator(text: str) -> Any:
        yield text

    class AsyncCall:
        """Called asynchronously."""

        async def __call__(self, text: str) -> str:
            """Answer."""
            return text

    for target in (coroutine, generator, AsyncCall(), Asynchronous(), functools.partial(coroutine)):
        assert python_entry(target, "app:agent").on_loop
    for target in (Invoking(), Calling(), print):
        assert not python_entry(target, "app:agent").on_loop


@pytest.mark.parametrize(
    ("target", "message"),
    [
        (
            lambda: "",
            r"'app:agent' takes no argument that could be the prompt\. Give it .* def agent\(prompt\)",
        ),
        (lambda **options: "", r"takes no argument .* \(its signature is \(\*\*options\)\)"),
        (lambda text, user: "", r"passes the prompt alone, but 'app:agent' also requires 'user'"),
        (lambda text, *, a, b: "", r"also requires 'a', 'b'\. Give them defaults"),
        (Invoking.invoke, r"name the class itself"),
        (3, r"is int, which cannot be called"),
        (
            Chatty(),
            r"is Chatty, which cannot be called\. .* Name one of its methods, e\.g\. 'app:agent\.chat'",
        ),
    ],
)
def test_what_cannot_be_called(target: object, message: str) -> None:
    """The message says what is wrong with the signature, and what to do."""
    with pytest.raises(UsageError, match=message):
        python_entry(target, "app:agent")


def test_class_that_needs_arguments() -> None:
    """A class that cannot be created is told with the reason."""

    class Needy:
        """Needs a client."""

        def __init__(self, client: object) -> None:
            self.client = client

    with pytest.raises(UsageError, match=r"calling 'app:agent' without arguments.*missing 1 required"):
        python_entry(Needy, "app:agent")


def test_maker_that_exits() -> None:
    """``sys.exit`` while the agent is made is an error like any other."""

    def leave() -> object:
        raise SystemExit(2)

    with pytest.raises(UsageError, match="SystemExit: 2"):
        made(leave, "app:make")
