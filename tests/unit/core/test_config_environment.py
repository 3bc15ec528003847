"""Variables of the environment: references, defaults, escapes, and what becomes a secret."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flakestorm.core.config import FlakeStormConfig
from flakestorm.core.environment import escape, expand
from flakestorm.core.secret_values import is_sensitive
from flakestorm.model.errors import ConfigError

ENVIRONMENT = {"HOME": "/home/me", "EMPTY": "", "TOKEN": "tok-123456", "NAME": "world"}
REST = "golden_prompts: [hello]\ninvariants: [{type: output_not_empty}]\n"


def load(text: str, **environment: str) -> FlakeStormConfig:
    """The configuration with an agent section, and exactly these variables."""
    return FlakeStormConfig.from_yaml(text + REST, environment=environment)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("${NAME}", "world"),
        ("hello ${NAME}, ${NAME}", "hello world, world"),
        ("${NAME:-nobody}", "world"),
        ("${MISSING:-nobody}", "nobody"),
        ("${EMPTY:-nobody}", "nobody"),
        ("${EMPTY}", ""),
        ("${MISSING:-}", ""),
        ("$${NAME}", "${NAME}"),
        ("$$${NAME}", "$${NAME}"),
        ("$NAME and ${1,3} and ${} and {NAME}", "$NAME and ${1,3} and ${} and {NAME}"),
        ("a$$b", "a$$b"),
    ],
)
def test_references(text: str, expected: str) -> None:
    """What a shell user expects, and everything else left alone."""
    assert expand({"a": [text]}, ENVIRONMENT).value == {"a": [expected]}


def test_a_value_is_not_expanded_again() -> None:
    """A variable whose value looks like a reference is taken as it is."""
    assert expand("${A}", {"A": "${B}", "B": "no"}).value == "${B}"


def test_missing_variables_are_all_told() -> None:
    """Each missing variable is a problem at its place, with the nearest that is set."""
    expanded = expand({"a": "${TOKN}", "b": ["${X}${Y}"]}, ENVIRONMENT)
    assert [problem.path for problem in expanded.problems] == [("a",), ("b", 0), ("b", 0)]
    assert "did you mean 'TOKEN'?" in expanded.problems[0].message
    assert expanded.value == {"a": "${TOKN}", "b": ["${X}${Y}"]}


@given(st.text(alphabet="$${}AB:-1 ", max_size=20))
def test_escaped_text_comes_back(text: str) -> None:
    """escape and expand are inverse, so that a configuration can be written and read."""
    assert expand(escape(text), ENVIRONMENT).value == text


def test_numbers_can_come_from_variables() -> None:
    """A variable is text; a number that is written in it is accepted."""
    config = load("agent: {endpoint: 'http://x/', timeout: '${T}'}\n", T="5000")
    assert config.agent.timeout == 5000


def test_secrets_are_found_by_place_and_by_name() -> None:
    """Keys, headers and variables with telling names are secrets; an address is not."""
    config = load(
        """
agent:
  endpoint: ${URL}
  headers:
    Authorization: Bearer ${A}
    Content-Type: ${CT}
    X-Org: ${ORG}
    X-Api-Key: written-here
    Cookie: session=also-here
  query_params: {sig: "${B}", page: "12345678"}
model: {provider: openai, api_key: "${C}", base_url: "https://user:passw0rd@host/v1"}
mutations: {types: [custom], custom_templates: {t: "{prompt} ${DB_PASSWORD}"}}
""",
        URL="http://localhost:8000/",
        A="aaaaaa",
        B="bbbbbb",
        C="cccccc",
        CT="application/json",
        ORG="acme-corp",
        DB_PASSWORD="hunter22",
    )
    assert config.secrets == {
        *("aaaaaa", "bbbbbb", "cccccc", "acme-corp", "hunter22"),
        *("written-here", "session=also-here", "passw0rd"),
    }


def test_short_values_are_not_blotted_out() -> None:
    """A secret of three characters would garble everything; in its own place it is still not written."""
    config = load("agent: {endpoint: 'http://x/', headers: {X-Key: '${K}'}}\n", K="abc")
    assert config.secrets == frozenset()
    assert "abc" not in config.to_yaml()
    assert "X-Key: ${K}" in config.to_yaml()


def test_written_files_hold_no_secret() -> None:
    """Secrets become references wherever they occur; literal ones get a name."""
    text = """
agent: {endpoint: 'http://x/${TOKEN}', headers: {Authorization: 'Bearer ${TOKEN}', X-Secret: literal-one}}
mutations: {types: [custom], custom_templates: {t: '{prompt} tok-123456 $${TOKEN}'}}
"""
    config = load(text, TOKEN="tok-123456")
    written = config.to_yaml()
    assert "tok-123456" not in written
    assert "literal-one" not in written
    assert "http://x/${TOKEN}" in written
    assert "X-Secret: ${X_SECRET}" in written
    again = FlakeStormConfig.from_yaml(
        written, environment={"TOKEN": "tok-123456", "X_SECRET": "literal-one"}
    )
    assert again.model_dump() == config.model_dump()


def test_conceal_is_for_people() -> None:
    """Secrets become their variable's name; nothing else changes."""
    config = load("agent: {endpoint: 'http://x/', headers: {Authorization: 'Bearer ${T}'}}\n", T="tok-123456")
    assert config.conceal("Bearer tok-123456, ${x} and $${y}") == "Bearer ${T}, ${x} and $${y}"


def test_the_digest_does_not_depend_on_secrets() -> None:
    """Another key is the same experiment; another address is not."""
    text = "agent: {endpoint: '${URL}', headers: {Authorization: 'Bearer ${T}'}}\n"
    one = load(text, URL="http://x/", T="tok-123456").digest
    assert load(text, URL="http://x/", T="other-654321").digest == one
    assert load(text, URL="http://y/", T="tok-123456").digest != one


@pytest.mark.parametrize("written", ["sk-literal-key", "${K:-sk-literal-key}", "Bearer ${K}", "12345"])
def test_a_key_in_the_file_is_an_error(written: str) -> None:
    """A key comes from the environment alone, and the message says how."""
    with pytest.raises(ConfigError, match=r"api_key: \$\{OPENAI_API_KEY\}") as caught:
        load(f"agent: {{endpoint: 'http://x/'}}\nmodel: {{provider: openai, api_key: '{written}'}}\n", K="k")
    assert "literal-key" not in str(caught.value)


def test_no_key_is_fine() -> None:
    """An empty key is no key."""
    assert load("agent: {endpoint: 'http://x/'}\nmodel: {api_key: ''}\n").model.api_key == ""


@pytest.mark.parametrize(
    ("path", "from_variable", "expected"),
    [
        (("model", "api_key"), False, True),
        (("agent", "headers", "Accept"), True, False),
        (("agent", "headers", "X-Org"), False, False),
        (("agent", "serve", "env", "DB_PASSWORD"), False, True),
        (("agent", "endpoint"), True, False),
        (("golden_prompts", 0), True, False),
        (("agent",), True, False),
        (("agent", "env", "AUTHOR"), False, False),
        (("agent", "env", "KEYBOARD"), False, False),
        (("agent", "env", "GITHUB_PAT"), False, True),
        ((), True, False),
    ],
)
def test_sensitive_places(path: tuple[str | int, ...], from_variable: bool, expected: bool) -> None:
    """Where a value stands says whether it is a secret."""
    assert is_sensitive(path, from_variable) is expected


def test_an_impossible_url_is_no_secret() -> None:
    """A text that looks like a URL and is none hides nothing, and is no reason to stop."""
    config = load("agent: {endpoint: 'http://x/'}\nmodel: {base_url: 'http://[::1'}\n")
    assert config.secrets == frozenset()
