"""Which model is asked with which key, and what a configuration is told about its models."""

from __future__ import annotations

from pathlib import Path

import pytest

from flakestorm.core.chosen_model import is_named, model_of
from flakestorm.core.config import FlakeStormConfig
from flakestorm.core.language_models import keys_of, language_models
from flakestorm.invariants.model_choice import ModelChoice
from flakestorm.llm.config import ModelConfig
from flakestorm.model.errors import ConfigError

SECTION = ModelConfig(
    provider="openai", name="big", api_key="key", base_url="http://here/v1", temperature=0.1
)
AGENT = 'agent: {endpoint: "http://x/"}\ngolden_prompts: [hello]\n'


def test_a_rule_without_a_choice_asks_the_model_of_the_section():
    """With its key and everything else."""
    assert model_of(SECTION, ModelChoice()) == SECTION


@pytest.mark.parametrize(
    ("choice", "name", "base_url", "key"),
    [
        ({"name": "small"}, "small", "http://here/v1", "key"),
        ({"base_url": "http://there"}, "big", "http://there", None),
        ({"provider": "openai"}, "big", "http://here/v1", "key"),
        ({"provider": "ollama", "name": "small"}, "small", None, None),
        ({"provider": "ollama"}, None, None, None),
        ({"provider": "google", "name": "g", "api_key_variable": "JUDGE_KEY"}, "g", None, "of-the-judge"),
        ({"name": "small", "api_key_variable": "NOT_SET"}, "small", "http://here/v1", None),
    ],
)
def test_a_key_stays_with_its_address(monkeypatch, choice, name, base_url, key):
    """Another provider or address does not get the section's key, nor its model's name."""
    monkeypatch.setenv("JUDGE_KEY", "of-the-judge")
    model = model_of(SECTION, ModelChoice(**choice))
    assert (model.name, model.base_url, model.api_key) == (name, base_url, key)
    assert model.temperature == 0.1
    assert is_named(model) is (name is not None)


JUDGED = "invariants: [{type: llm_judge, rubric: polite, model: {MODEL}}]\n"
UNNAMED = [
    JUDGED.replace("MODEL", ""),
    JUDGED.replace("MODEL", "provider: ollama"),
    JUDGED.replace("MODEL", "name: llama"),
    JUDGED.replace("MODEL", "") + "model: {provider: openai}\n",
    JUDGED.replace("MODEL", "provider: ollama") + "model: {provider: openai, name: m}\n",
    "contract: {name: c, invariants: [{type: llm_judge, rubric: polite, id: a}]}\n",
]


@pytest.mark.parametrize("text", UNNAMED)
def test_a_judge_needs_a_model(text):
    """Told when the file is loaded, with the line and what to write."""
    with pytest.raises(ConfigError, match=r"llm_judge asks a language model, and none is named"):
        FlakeStormConfig.from_yaml(AGENT + text)


@pytest.mark.parametrize(
    "text",
    [
        JUDGED.replace("MODEL", "provider: ollama, name: llama"),
        JUDGED.replace("MODEL", "") + "model: {provider: ollama, name: llama}\n",
        JUDGED.replace("MODEL", "name: other") + "model: {provider: ollama, name: llama}\n",
    ],
)
def test_a_judge_with_a_model_loads(text):
    """From the section, from the rule, or from both."""
    config = FlakeStormConfig.from_yaml(AGENT + text)
    assert config.unused_parts() == ()
    assert FlakeStormConfig.from_yaml(config.to_yaml()).digest == config.digest


RULES = "invariants: [{type: completes}]\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("model: {provider: ollama}", "model.provider 'ollama' is not asked: model.name does not say"),
        ("model: {provider: ollama, name: m, share: 0}", "model.provider 'ollama' writes no mutations"),
        ("model: {provider: ollama, name: m}\nmutations: {types: [noise]}", "paraphrase, tone_shift, custom"),
    ],
)
def test_a_model_in_vain_is_noted(text, said):
    """The run goes on without it."""
    (note,) = FlakeStormConfig.from_yaml(AGENT + RULES + text).unused_parts()
    assert said in note


def test_how_models_are_asked_is_no_part_of_the_experiment():
    """A run can be resumed with more budget, not with another model."""
    model = "model: {provider: ollama, name: m, MORE}"
    digests = [
        FlakeStormConfig.from_yaml(AGENT + RULES + model.replace("MORE", more)).digest
        for more in ("", "budget_calls: 5", "timeout_s: 5, retries: 0, concurrency: 9", "share: 0.1")
    ]
    assert digests[0] == digests[1] == digests[2] != digests[3]


def test_every_key_that_may_be_sent_is_known():
    """The providers' usual variables, and those that rules name."""
    rule = "{provider: ollama, name: m, api_key_variable: JUDGE_KEY}"
    config = FlakeStormConfig.from_yaml(f"{AGENT}invariants: [{{type: llm_judge, rubric: x, model: {rule}}}]")
    environment = {"OPENAI_API_KEY": "a", "GEMINI_API_KEY": "", "JUDGE_KEY": "b", "OTHER": "c"}
    assert keys_of(config, environment) == {"a", "b"}


async def test_without_a_model_nothing_happens(tmp_path: Path):
    """No greeting, no variants, no file."""
    config = FlakeStormConfig.from_yaml(AGENT + RULES)
    async with language_models(config, tmp_path, str) as models:
        assert await models.greeting() == ""
        assert models.notes() == []
    assert list(tmp_path.iterdir()) == []  # noqa: ASYNC240 - nothing else runs meanwhile


async def test_a_model_that_is_not_there_is_told(monkeypatch, tmp_path: Path):
    """By the greeting, with the reason."""
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)
    config = FlakeStormConfig.from_yaml(AGENT + RULES + "model: {provider: anthropic, name: m}")
    async with language_models(config, tmp_path, str) as models:
        assert (await models.greeting()).startswith("does not answer: no key: set the environment variable")
