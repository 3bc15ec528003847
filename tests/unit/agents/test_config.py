"""The agent section: what it accepts, and what it says about what it does not."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from flakestorm.agents.config import AgentConfig, ServeConfig, SessionConfig
from flakestorm.agents.registry import agent_kinds


def problems(**keys: Any) -> dict[str, str]:
    """Location ► message of everything that is wrong with an agent section."""
    with pytest.raises(ValidationError) as caught:
        AgentConfig(**keys)
    return {
        ".".join(map(str, error["loc"])): error["msg"].removeprefix("Value error, ")
        for error in caught.value.errors()
    }


def test_published_file_loads() -> None:
    """Every key of the published format is accepted, whatever the type."""
    config = AgentConfig(
        endpoint="http://localhost:8000/invoke",
        type="http",
        method="post",
        request_template='{"message": "{prompt}", "user": "{name}"}',
        response_path="$.data.reply",
        query_params={"debug": True, "v": 2},
        parse_structured_input=True,
        timeout=1000,
        headers={"Authorization": "Bearer x", "X-Version": 2},
        reset_endpoint="http://localhost:8000/reset",
        reset_function="my_agent:reset",
    )
    assert config.method == "POST"
    assert config.query_params == {"debug": "true", "v": "2"}
    assert config.headers["X-Version"] == "2"
    assert config.follow_redirects


@pytest.mark.parametrize(
    ("keys", "where", "message"),
    [
        ({}, "endpoint", "missing: say where the agent is, e.g. http://localhost:8000/invoke"),
        (
            {"endpoint": "localhost:8000/invoke"},
            "endpoint",
            "'localhost:8000/invoke' is not a URL, did you mean 'http://localhost:8000/invoke'?",
        ),
        (
            {"endpoint": "api.example.com/agent"},
            "endpoint",
            "'api.example.com/agent' is not a URL, did you mean 'https://api.example.com/agent'?",
        ),
        (
            {"endpoint": "/"},
            "endpoint",
            "'/' is not a URL, e.g. http://localhost:8000/invoke",
        ),
        (
            {"endpoint": "my_agent:invoke"},
            "endpoint",
            "'my_agent:invoke' is not a URL; for Python code set type: python",
        ),
        (
            {"endpoint": "htp://localhost/"},
            "endpoint",
            "'htp://localhost/' has the scheme 'htp', did you mean 'http://'? Accepted: http, https",
        ),
        (
            {"endpoint": "ftp2x://localhost/"},
            "endpoint",
            "'ftp2x://localhost/' has the scheme 'ftp2x'. Accepted: http, https",
        ),
        (
            {"endpoint": "http:///x"},
            "endpoint",
            "'http:///x' names no host, e.g. http://localhost:8000/invoke",
        ),
        (
            {"endpoint": "http://localhost:0/"},
            "endpoint",
            "'http://localhost:0/' names port 0; ports are 1–65535",
        ),
        (
            {"endpoint": "http://localhost:99999/"},
            "endpoint",
            "'http://localhost:99999/' is not a URL: Port out of range 0-65535",
        ),
        (
            {"endpoint": "http://local host/"},
            "endpoint",
            "'http://local host/' has a space or control character in it",
        ),
        (
            {"endpoint": "http://127.0.0.1:{port}/"},
            "endpoint",
            "'http://127.0.0.1:{port}/' has {port}, which needs agent.serve to start the agent",
        ),
        (
            {"type": "htpp", "endpoint": "http://x/"},
            "type",
            "unknown type 'htpp', did you mean 'http'? Accepted: http, python, langchain, openai, command",
        ),
        (
            {"type": "python", "endpoint": "my_agent.invoke"},
            "endpoint",
            "'my_agent.invoke' is not module:attribute or file.py:attribute, did you mean 'my_agent:invoke'?",
        ),
        (
            {"type": "python", "endpoint": "agent.py"},
            "endpoint",
            (
                "'agent.py' is not module:attribute or file.py:attribute: add the function's name, "
                "e.g. 'agent.py:invoke'"
            ),
        ),
        (
            {"type": "langchain", "endpoint": "http://x:80/y"},
            "endpoint",
            "'http://x:80/y' is not module:attribute or file.py:attribute; a URL needs type http or openai",
        ),
        (
            {"type": "python", "endpoint": "a b"},
            "endpoint",
            "'a b' is not module:attribute or file.py:attribute, e.g. my_agent:invoke",
        ),
        (
            {"type": "command"},
            "endpoint",
            "missing: write the command into endpoint, or as a list into command",
        ),
        (
            {"type": "command", "endpoint": "a", "command": ["a"]},
            "endpoint",
            "the command is given twice: in endpoint and in command. Remove one of them",
        ),
        (
            {"type": "command", "endpoint": "echo 'x"},
            "endpoint",
            '"echo \'x" is not a command line: No closing quotation',
        ),
        (
            {"endpoint": "http://x/", "method": "PO ST"},
            "method",
            "'PO ST' is not a method that HTTP allows, such as POST or GET",
        ),
        (
            {"endpoint": "http://x/", "headers": {"X Y": "1"}},
            "headers",
            "'X Y' is not a header name (letters, digits and -)",
        ),
        (
            {"endpoint": "http://x/", "headers": {"X": "a\r\nb"}},
            "headers",
            "the value of header 'X' has a line break or NUL, which HTTP forbids",
        ),
        (
            {"endpoint": "http://x/", "response_path": "$..a"},
            "response_path",
            (
                "'$..a' is not a path that flakestorm reads: it stops at '..a'. "
                "Accepted: $.a.b[0], $['a'] and a.b.0; no wildcards, filters or slices"
            ),
        ),
        (
            {"endpoint": "http://x/", "request_template": '{"q": 1}'},
            "request_template",
            "there is no {prompt} in it, so every request would be the same",
        ),
        (
            {"endpoint": "http://x/v1", "type": "openai"},
            "model",
            "missing: type openai sends the name of a model with each request",
        ),
        (
            {"endpoint": "http://x/v1", "type": "openai", "model": "m", "request_template": "{prompt}"},
            "request_template",
            "type openai writes the request body itself; for a body of your own use type http",
        ),
        (
            {"endpoint": "http://x/", "request_template": "[{prompt}]", "session": {"field": "id"}},
            "session",
            "the request template is not a JSON object, so it cannot hold the field 'id'",
        ),
        (
            {"endpoint": "http://x/", "session": {"header": "X", "cookie": "y"}},
            "session",
            "give exactly one of header, field and cookie (seen: header and cookie)",
        ),
        (
            {"endpoint": "http://x/", "session": {}},
            "session",
            "give exactly one of header, field and cookie (seen: none)",
        ),
        (
            {"endpoint": "http://x/", "session": {"header": "X Y"}},
            "session.header",
            "'X Y' is not a name that HTTP allows (letters, digits and -)",
        ),
        (
            {"endpoint": "http://x/", "reset_endpoint": "localhost/reset"},
            "reset_endpoint",
            "'localhost/reset' is not a URL, did you mean 'http://localhost/reset'?",
        ),
        (
            {"endpoint": "http://x/", "tools": ["search"]},
            "tools",
            "'search' is not module:attribute or file.py:attribute, e.g. my_agent:invoke",
        ),
    ],
)
def test_message(keys: dict[str, Any], where: str, message: str) -> None:
    """Each mistake gives one message at its own key, with the probable fix."""
    assert problems(**keys) == {where: message}


@pytest.mark.parametrize("timeout", [999, 300_001, "soon"])
def test_timeout_has_limits(timeout: object) -> None:
    """A timeout outside of 1–300 seconds is refused."""
    assert list(problems(endpoint="http://x/", timeout=timeout)) == ["timeout"]


def test_several_problems_come_together() -> None:
    """One load reports everything that is wrong, and nothing that only follows from it."""
    found = problems(type="nope", endpoint="", method="", unknown_key=1)
    assert set(found) == {"type", "endpoint", "method", "unknown_key"}


@pytest.mark.parametrize(
    ("keys", "line", "via"),
    [
        ({"endpoint": "python agent.py 'a b'"}, ("python", "agent.py", "a b"), "stdin"),
        ({"command": ["agent", "--ask", "{prompt}"]}, ("agent", "--ask", "{prompt}"), "argument"),
        ({"command": "agent -x", "prompt_via": "argument"}, ("agent", "-x"), "argument"),
    ],
)
def test_command_line(keys: dict[str, Any], line: tuple[str, ...], via: str) -> None:
    """A command comes as one line or as a list; the prompt goes where the command has it."""
    config = AgentConfig(type="command", **keys)
    assert config.command_line == line
    assert config.prompt_via == via


def test_serve_splits_command_and_allows_port() -> None:
    """With ``serve`` the endpoint may hold ``{port}``, and the command may be one line."""
    serve = {"command": "uvicorn app:app --port {port}", "ready": "http://127.0.0.1:{port}/health"}
    config = AgentConfig(endpoint="http://127.0.0.1:{port}/ask", serve=serve, reset_endpoint="/reset")
    assert config.serve == ServeConfig(
        command=("uvicorn", "app:app", "--port", "{port}"), ready="http://127.0.0.1:{port}/health"
    )


def test_broken_serve_is_the_only_problem() -> None:
    """A mistake in ``serve`` does not make ``{port}`` look wrong too."""
    assert list(problems(endpoint="http://h:{port}/", serve={"command": "x", "replicas": 0})) == [
        "serve.replicas"
    ]


def test_one_tool_registry_may_be_a_text() -> None:
    """One reference needs no list around it."""
    config = AgentConfig(endpoint="a.py:f", type="python", tools="t:a", tool_registry=["t:r"])
    assert (config.tools, config.tool_registry) == (("t:a",), ("t:r",))


def test_method_case_is_kept_for_methods_of_ones_own() -> None:
    """Known methods are written in capitals; others are case-sensitive names of the agent's own."""
    assert AgentConfig(endpoint="http://x/", method="get").method == "GET"
    assert AgentConfig(endpoint="http://x/", method="Frob").method == "Frob"


def test_plugin_kind_is_known() -> None:
    """The name of a registered kind is accepted, and offered to those who mistype."""
    if "carrier_pigeon" not in agent_kinds:
        agent_kinds.add("carrier_pigeon", lambda config: None, "here")  # type: ignore[arg-type, return-value]
    assert AgentConfig(type="carrier_pigeon", endpoint="roof").endpoint == "roof"
    assert "did you mean 'carrier_pigeon'?" in problems(type="carrier_pidgeon", endpoint="x")["type"]


def test_key_is_not_shown() -> None:
    """The key stays out of the representation, which ends up in logs."""
    config = AgentConfig(endpoint="http://x/v1", type="openai", model="m", api_key="sk-very-secret")
    assert "sk-very-secret" not in repr(config)


def test_session_takes_each_place() -> None:
    """Header, field and cookie each work alone."""
    for place in ("header", "field", "cookie"):
        assert getattr(SessionConfig(**{place: "sid"}), place) == "sid"


def test_schema_describes_every_key() -> None:
    """Editors show a description for each key."""
    schema = AgentConfig.model_json_schema()
    sections = [schema, *schema["$defs"].values()]
    missing = [
        key
        for section in sections
        for key, value in section["properties"].items()
        if not (value.get("description") or any("$ref" in option for option in value.get("anyOf", ())))
    ]
    assert missing == []


def test_reprs_show_no_secrets() -> None:
    """Tracebacks and notebooks print configurations: neither keys nor passwords are in them."""
    config = AgentConfig(
        endpoint="http://me:hunter22@localhost:1/",
        headers={"Authorization": "Bearer abcdef"},
        query_params={"key": "abcdef", "q": "{prompt}"},
        env={"KEY": "abcdef"},
        serve=ServeConfig(command=["run"], env={"KEY": "abcdef"}),
    )
    shown = repr(config) + str(config)
    assert "abcdef" not in shown
    assert "hunter22" not in shown
    assert "localhost:1" in shown
