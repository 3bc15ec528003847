"""Each provider's real SDK against a server that speaks its API: answers, and everything that goes wrong."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from email.utils import formatdate
from pathlib import Path

import pytest

from flakestorm.llm.clients import Clients
from flakestorm.llm.config import ModelConfig
from flakestorm.model.chat import ChatClient, Completion, LlmErrorKind
from flakestorm.model.errors import LlmError

Ask = Callable[..., Awaitable[Completion]]
KEY = "key-of-the-test"


@pytest.fixture
async def stack() -> AsyncIterator[AsyncExitStack]:
    """Closes what a test opened."""
    async with AsyncExitStack() as opened:
        yield opened


@pytest.fixture
def make_client(tmp_path: Path, server, stack: AsyncExitStack) -> Callable[..., ChatClient]:
    """(provider, settings of the section model …) ► a client of the server; retries are off."""

    def make(provider: str, **settings: object) -> ChatClient:
        values = {"base_url": server.base_url(provider), "api_key": KEY, "retries": 0, **settings}
        config = ModelConfig(provider=provider, name="some-model", **values)  # type: ignore[arg-type]
        clients = Clients(config, tmp_path, str, {})
        stack.push_async_callback(clients.aclose)
        return clients.client(config)

    return make


async def ask(client: ChatClient, user: str = "Who are you?", seed: int = 3) -> Completion:
    """One question."""
    return await client.complete("Be brief.", user, temperature=0.5, max_tokens=50, seed=seed)


async def kind_of(client: ChatClient) -> LlmErrorKind:
    """The kind of the error that a question gives; any other exception fails the test."""
    with pytest.raises(LlmError) as caught:
        await ask(client)
    assert type(caught.value) is LlmError
    assert KEY not in str(caught.value)
    return caught.value.kind


async def test_a_question_and_its_answer(server, make_client, provider):
    """Both texts arrive, the model is named, the key goes where it belongs, and the tokens are counted."""
    assert await ask(make_client(provider)) == Completion("hello", 12)
    (asked,) = server.asked
    assert (asked.provider, asked.question) == (provider, ("Be brief.", "Who are you?"))
    assert asked.body.get("model", asked.path).endswith("some-model") or "some-model:" in asked.path
    assert any(KEY in value for value in asked.headers.values())


async def test_the_parameters_arrive(server, make_client):
    """Under the names that each API has for them; Anthropic's takes the length alone."""
    for name in ("openai", "anthropic", "google", "ollama"):
        await ask(make_client(name))
    openai, anthropic, google, ollama = (asked.body for asked in server.asked)
    assert (openai["temperature"], openai["max_tokens"], openai["seed"]) == (0.5, 50, 3)
    assert anthropic["max_tokens"] == 50
    assert not {"temperature", "seed"} & set(anthropic)
    assert google["generationConfig"] == {"temperature": 0.5, "maxOutputTokens": 50, "seed": 3}
    assert ollama["options"] == {"temperature": 0.5, "num_predict": 50, "seed": 3}
    assert ollama["stream"] is False


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, LlmErrorKind.REFUSED),
        (401, LlmErrorKind.AUTH),
        (403, LlmErrorKind.AUTH),
        (404, LlmErrorKind.REFUSED),
        (408, LlmErrorKind.TIMEOUT),
        (429, LlmErrorKind.RATE_LIMIT),
        (500, LlmErrorKind.UNAVAILABLE),
        (503, LlmErrorKind.UNAVAILABLE),
        (504, LlmErrorKind.TIMEOUT),
        (529, LlmErrorKind.UNAVAILABLE),
    ],
)
async def test_statuses(server, make_client, ways, provider, status, kind):
    """Each is one kind of error, after exactly one request, with what the server said."""
    server.behaves(ways.fails(status))
    client = make_client(provider)
    with pytest.raises(LlmError, match=f"server says {status}") as caught:
        await ask(client)
    assert (caught.value.kind, len(server.asked)) == (kind, 1)


GARBAGE = {
    "half of it": '{"choices": [',
    "nothing": "",
    "another object": '{"unexpected": true}',
    "no object": "[]",
    "null": "null",
    "wrong types": '{"choices": 5, "content": 5, "candidates": 5, "message": 5, "usage": 5}',
}


@pytest.mark.parametrize("text", GARBAGE.values(), ids=GARBAGE)
@pytest.mark.parametrize("content_type", ["application/json", "text/html"])
async def test_garbage(server, make_client, ways, provider, text, content_type):
    """Status 200 with anything else than an answer is a bad reply, whatever the SDK makes of it."""
    server.behaves(ways.garbles(text, content_type))
    assert await kind_of(make_client(provider)) is LlmErrorKind.BAD_REPLY


async def test_half_an_answer_is_none(server, make_client, ways, provider):
    """One that reached the limit of tokens is not used; it is counted all the same."""
    server.behaves(ways.says("half an ans", ways.cut_reason[provider]))
    client = make_client(provider, budget_tokens=12)
    assert await kind_of(client) is LlmErrorKind.BAD_REPLY
    assert await kind_of(client) is LlmErrorKind.BUDGET


async def test_a_cut_connection(server, make_client, ways, provider):
    """In the middle of an answer: unavailable."""
    server.behaves(ways.cuts)
    assert await kind_of(make_client(provider)) is LlmErrorKind.UNAVAILABLE
    assert len(server.asked) == 1


async def test_a_busy_server_is_asked_again(server, make_client, ways, provider):
    """When it says so, and as often as configured; the SDKs add no tries of their own."""
    server.behaves(
        *[ways.fails(status, headers={"Retry-After": "0"}) for status in (429, 503)], ways.says("ok")
    )
    assert (await ask(make_client(provider, retries=2))).text == "ok"
    assert len(server.asked) == 3


async def test_nobody_listens(make_client, provider):
    """A port that is closed."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        closed = f"http://127.0.0.1:{unused.getsockname()[1]}"
    assert await kind_of(make_client(provider, base_url=closed)) is LlmErrorKind.UNAVAILABLE


async def test_no_answer_in_time(server, make_client, ways, provider):
    """Given up after ``timeout_s``."""
    server.behaves(ways.hangs(server))
    assert await kind_of(make_client(provider, timeout_s=0.2)) is LlmErrorKind.TIMEOUT


async def test_the_server_says_when_to_come_back(server, make_client, ways, provider):
    """In a header, as seconds or as a date; Google says it in the body."""
    waits = []
    for headers in ({"Retry-After": "3.5"}, {"Retry-After": formatdate(0)}, {"Retry-After": "soon"}):
        server.behaves(ways.fails(429, headers=headers))
        with pytest.raises(LlmError) as caught:
            await ask(make_client(provider))
        waits.append(caught.value.retry_after_s)
    server.behaves(ways.fails(429))
    with pytest.raises(LlmError) as caught:
        await ask(make_client(provider))
    assert (waits, caught.value.retry_after_s) == ([3.5, 0.0, None], 3.5 if provider == "google" else None)


async def test_what_it_said_once_is_not_asked_again(server, make_client, provider):
    """By another client in another run either."""
    await ask(make_client(provider))
    assert (await ask(make_client(provider))) == Completion("hello", 0)
    assert len(server.asked) == 1


async def test_openai_models_refuse_parameters(server, make_client, ways):
    """One after the other is left out; the length has two names, which are tried in turn."""
    refused = ("max_tokens", "temperature", "seed", "max_completion_tokens")
    server.behaves(*(ways.fails(400, param=name) for name in refused), ways.says("at last"))
    client = make_client("openai")
    assert (await ask(client)).text == "at last"
    sent = [sorted(asked.body.keys() - {"messages", "model"}) for asked in server.asked]
    assert sent == [
        ["max_tokens", "seed", "temperature"],
        ["max_completion_tokens", "seed", "temperature"],
        ["max_completion_tokens", "seed"],
        ["max_completion_tokens"],
        [],
    ]
    await ask(client, "and now?")
    assert server.asked[-1].body.keys() == {"messages", "model"}


async def test_a_refused_necessity_is_an_error(server, make_client, ways):
    """A parameter that was not optional ends the question."""
    server.behaves(ways.fails(400, param="model"))
    assert await kind_of(make_client("openai")) is LlmErrorKind.REFUSED
    assert len(server.asked) == 1


async def test_an_empty_purse_is_not_waited_for(server, make_client, ways):
    """OpenAI's 429 for an unpaid bill is no rate limit."""
    server.behaves(ways.fails(429, code="insufficient_quota"))
    assert await kind_of(make_client("openai", retries=3)) is LlmErrorKind.REFUSED
    assert len(server.asked) == 1


async def test_a_prompt_that_google_blocks(server, make_client, ways):
    """No candidate at all, and a reason."""
    server.behaves(ways.garbles('{"promptFeedback": {"blockReason": "SAFETY"}}'))
    assert await kind_of(make_client("google")) is LlmErrorKind.REFUSED


async def test_servers_without_keys(server, make_client, provider):
    """At an address of one's own, none is needed."""
    assert (await ask(make_client(provider, api_key=None))).text == "hello"
