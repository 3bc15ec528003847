"""What an HTTP request is: an LLM call, a tool call, or neither."""

from __future__ import annotations

import json

import pytest

from flakestorm.chaos.recognition import ToolPlace, recognised

MODEL = json.dumps({"model": "m-1"}).encode()
STREAM = json.dumps({"model": "m-1", "stream": True}).encode()


@pytest.mark.parametrize(
    ("url", "provider"),
    [
        ("https://api.openai.com/v1/chat/completions", "openai"),
        ("http://127.0.0.1:11434/v1/chat/completions/", "openai"),
        ("https://api.openai.com/v1/responses", "responses"),
        ("https://api.openai.com/v1/embeddings", "openai"),
        ("https://api.anthropic.com/v1/messages?beta=true", "anthropic"),
        ("http://localhost:11434/api/chat", "ollama"),
        ("http://localhost:11434/api/generate", "ollama"),
    ],
)
def test_path_names_provider(url: str, provider: str) -> None:
    """Each provider's path makes an LLM call of its own, with the model from the body."""
    call = recognised("POST", url, {}, MODEL)

    assert (call.kind, call.provider, call.name, call.url) == ("llm", provider, "m-1", url)


@pytest.mark.parametrize("version", ["v1", "v1beta"])
@pytest.mark.parametrize(("verb", "stream"), [("generateContent", False), ("streamGenerateContent", True)])
def test_google_has_model_and_stream_in_path(version: str, verb: str, stream: bool) -> None:
    """Gemini's model and streaming are read from the path, under both versions."""
    url = f"https://g.example/{version}/models/gemini-3-pro:{verb}?alt=sse"

    call = recognised("POST", url, {}, b"{}")

    assert (call.kind, call.provider, call.name, call.stream) == ("llm", "google", "gemini-3-pro", stream)


@pytest.mark.parametrize(
    ("url", "body", "stream"),
    [
        ("http://x/v1/chat/completions", STREAM, True),
        ("http://x/v1/chat/completions", MODEL, False),
        ("http://x/v1/chat/completions", b'{"model": "m-1", "stream": "yes"}', False),
        ("http://x/api/chat", MODEL, True),
        ("http://x/api/chat", b'{"model": "m-1", "stream": false}', False),
        ("http://x/api/embed", MODEL, False),
    ],
)
def test_stream_is_what_the_api_takes_it_for(url: str, body: bytes, stream: bool) -> None:
    """Ollama streams unless told otherwise; the others only when told."""
    assert recognised("POST", url, {}, body).stream is stream


def test_azure_deployment_is_model() -> None:
    """Without a model in the body the deployment in the address is the model."""
    call = recognised("POST", "https://a.example/openai/deployments/gpt%2D9/chat/completions", {}, b"{}")

    assert (call.kind, call.name) == ("llm", "gpt-9")


@pytest.mark.parametrize("body", [b"", b"\xff", b"[1]", b"[" * 100_000, b'{"model": 3}'])
def test_unreadable_body_leaves_model_empty(body: bytes) -> None:
    """A body that is no JSON object still leaves an LLM call where the path is unmistakable."""
    call = recognised("POST", "http://x/v1/messages", {}, body)

    assert (call.kind, call.name, call.stream) == ("llm", "", False)


@pytest.mark.parametrize(
    ("method", "url", "body"),
    [
        ("GET", "http://shop.example/v1/chat/completions", MODEL),
        ("POST", "http://shop.example/survey/responses", b'{"answer": 3}'),
        ("POST", "http://shop.example/v1/messages/count_tokens", MODEL),
        ("GET", "http://shop.example/v1/models", b""),
    ],
)
def test_other_requests_are_plain_http(method: str, url: str, body: bytes) -> None:
    """What is no LLM call and no known tool is named after its host."""
    call = recognised(method, url, {}, body)

    assert (call.kind, call.name, call.provider) == ("http", "shop.example", "")


SHOP = {"shop": ToolPlace("http://shop.example:80/api")}


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("http://shop.example/api/orders", "orders"),
        ("http://shop.example/api/orders/A-1042/", "orders"),
        ("http://shop.example/api/v2/order%20list?id=1", "order list"),
        ("http://shop.example/api", "shop"),
        ("http://shop.example/api/17", "shop"),
    ],
)
def test_tool_is_named_by_last_fixed_segment(url: str, name: str) -> None:
    """Ids are no names; without a name in the path the place gives its own."""
    call = recognised("GET", url, {}, b"", SHOP)

    assert (call.kind, call.name) == ("tool", name)


@pytest.mark.parametrize(
    "url", ["http://shop.example/apis/orders", "https://shop.example/api/x", "http://shop.example:81/api/x"]
)
def test_neighbouring_address_is_no_tool(url: str) -> None:
    """Scheme, host, port and whole path segments have to agree."""
    assert recognised("GET", url, {}, b"", SHOP).kind == "http"


@pytest.mark.parametrize(
    ("method", "path", "name"),
    [
        ("GET", "/tools/orders/7", "orders"),
        ("POST", "/tools/refund", "refund"),
        ("GET", "/tools/refund", "shop"),
        ("GET", "", "shop"),
    ],
)
def test_names_tell_tools_apart(method: str, path: str, name: str) -> None:
    """Globs with and without a method name the tools behind one address."""
    place = ToolPlace("http://shop.example", {"orders": "/tools/orders/*", "refund": "POST /tools/refund"})

    assert recognised(method, f"http://shop.example{path}", {}, b"", {"shop": place}).name == name


def test_most_specific_place_wins_and_tool_beats_llm() -> None:
    """A longer upstream is the better match, and a configured tool is one even under an LLM's path."""
    tools = {"a": ToolPlace("http://x"), "b": ToolPlace("http://x/v1/chat"), "c": ToolPlace("http://x/v1")}

    call = recognised("POST", "http://x/v1/chat/completions", {}, MODEL, tools)

    assert (call.kind, call.name) == ("tool", "completions")
    assert recognised("POST", "http://x/v1/chat", {}, b"", tools).name == "b"


def test_headers_are_lowered() -> None:
    """Headers come as a mapping or as pairs, and get lower-case names."""
    assert recognised("GET", "http://x/", {"X-A": "1"}, b"").headers == {"x-a": "1"}
    assert recognised("GET", "http://x/", [("X-A", "1")], b"").headers == {"x-a": "1"}
