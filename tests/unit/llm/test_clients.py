"""Who is asked with which key, and that nothing is opened in vain."""

from __future__ import annotations

from pathlib import Path

import pytest

from flakestorm.llm.answers import answer
from flakestorm.llm.clients import ADAPTERS, Clients
from flakestorm.llm.config import ModelConfig
from flakestorm.llm.keys import key_for, lacks_key
from flakestorm.model.chat import Completion, LlmErrorKind, json_of
from flakestorm.model.errors import LlmError, MissingExtra

ENVIRONMENT = {"OPENAI_API_KEY": "of-openai", "GOOGLE_API_KEY": "of-google", "ANTHROPIC_API_KEY": ""}


@pytest.mark.parametrize(
    ("config", "key"),
    [
        ({"provider": "openai"}, "of-openai"),
        ({"provider": "openai", "api_key": "own"}, "own"),
        ({"provider": "openai", "base_url": "http://elsewhere"}, None),
        ({"provider": "openai", "base_url": "http://elsewhere", "api_key": "own"}, "own"),
        ({"provider": "google"}, "of-google"),
        ({"provider": "anthropic"}, None),
        ({"provider": "ollama"}, None),
        ({"provider": "builtin"}, None),
    ],
)
def test_a_key_goes_to_its_owner(config, key):
    """The usual variable counts at the usual address only."""
    assert key_for(ModelConfig(**config), ENVIRONMENT) == key


def test_a_missing_key_is_explained():
    """Where one is needed: not by local servers, not at other addresses."""
    assert lacks_key(ModelConfig(provider="anthropic"), ENVIRONMENT).startswith(
        "no key: set the environment variable ANTHROPIC_API_KEY"
    )
    fine = [{"provider": "openai"}, {"provider": "ollama"}, {"provider": "google", "base_url": "http://x"}]
    assert [lacks_key(ModelConfig(**config), ENVIRONMENT) for config in fine] == ["", "", ""]


async def test_nothing_is_opened_in_vain(tmp_path: Path):
    """No model asked: no file, no note."""
    clients = Clients(ModelConfig(), tmp_path / "folder", str, {})
    assert clients.notes() == []
    await clients.aclose()
    assert list(tmp_path.iterdir()) == []  # noqa: ASYNC240 - nothing else runs meanwhile


@pytest.mark.parametrize("provider", ADAPTERS)
async def test_one_client_for_each_model(tmp_path: Path, provider):
    """Rules that choose the same model share its client, and each closes cleanly unused."""
    clients = Clients(ModelConfig(), tmp_path, str, {})
    config = ModelConfig(provider=provider, name="m", base_url="http://127.0.0.1:9")
    assert clients.client(config) is clients.client(config.model_copy())
    assert clients.client(config) is not clients.client(config.model_copy(update={"name": "other"}))
    await clients.aclose()


@pytest.mark.parametrize("config", [{"provider": "builtin", "name": "m"}, {"provider": "openai"}])
async def test_a_model_must_be_named(tmp_path: Path, config):
    """The message names the keys."""
    with pytest.raises(LlmError, match=r"model\.provider and model\.name"):
        Clients(ModelConfig(), tmp_path, str, {}).client(ModelConfig(**config))


@pytest.mark.parametrize(
    ("provider", "package", "module"),
    [
        ("openai", "openai", "openai"),
        ("anthropic", "anthropic", "anthropic"),
        ("google", "google-genai", "google.genai"),
        ("ollama", "ollama", "ollama"),
    ],
)
async def test_a_missing_package_is_named(monkeypatch, tmp_path: Path, provider, package, module):
    """With the line that installs it."""
    monkeypatch.setitem(__import__("sys").modules, module, None)
    if module == "google.genai":
        # Once imported, a submodule is found as an attribute of its package, too.
        monkeypatch.delattr(__import__("google"), "genai", raising=False)
    clients = Clients(ModelConfig(), tmp_path, str, {})
    with pytest.raises(MissingExtra, match=rf"'{package}'(.|\n)*pip install 'flakestorm\[{provider}\]'"):
        clients.client(ModelConfig(provider=provider, name="m", base_url="http://127.0.0.1:9"))


@pytest.mark.parametrize(
    ("text", "reason", "kind"),
    [
        ("half an ans", "MAX_TOKENS", LlmErrorKind.BAD_REPLY),
        ("half an ans", "length", LlmErrorKind.BAD_REPLY),
        (None, None, LlmErrorKind.BAD_REPLY),
        (" \n", "stop", LlmErrorKind.BAD_REPLY),
        ("no", "refusal", LlmErrorKind.REFUSED),
        (None, "SAFETY", LlmErrorKind.REFUSED),
    ],
)
def test_only_whole_answers_are_answers(text, reason, kind):
    """Cut off, empty or withheld: an error that knows what it cost."""
    with pytest.raises(LlmError) as caught:
        answer(("p", "m"), text, 5, reason)
    assert (caught.value.kind, caught.value.tokens) == (kind, 5)
    assert answer(("p", "m"), "whole", 5, "stop") == Completion("whole", 5)


@pytest.mark.parametrize(
    "text", ['["a"]', ' ["a"]\n', '```json\n["a"]\n```', '```\n["a"]```', '```JSON\n["a"]\n ```\n']
)
def test_json_may_stand_in_a_fence(text):
    """Models add one whatever they are told."""
    assert json_of(text) == ["a"]


@pytest.mark.parametrize(
    "text", ["", 'Sure: ["a"]', '["a"] Enjoy!', '["a"', '```json\n["a"]\n```\nok', "[" * 100_000]
)
def test_json_with_anything_around_it_is_none(text):
    """Nothing is searched for in an answer."""
    with pytest.raises(ValueError, match=r"."):
        json_of(text)
