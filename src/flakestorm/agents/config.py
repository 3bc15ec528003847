"""The ``agent`` section: one model for all kinds, because published files have all keys side by side."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Field, ValidationInfo, field_validator, model_validator

from flakestorm.agents.endpoint import check_http_url, check_python_target
from flakestorm.agents.registry import agent_kinds
from flakestorm.agents.reply_path import parse_path
from flakestorm.agents.request_template import RequestTemplate, query_template, with_session_field
from flakestorm.model.nearest import did_you_mean
from flakestorm.section import PlacedSection, Section

BUILTIN_KINDS = ("http", "python", "langchain", "openai", "command")
HTTP_KINDS = frozenset({"http", "openai"})
PYTHON_KINDS = frozenset({"python", "langchain"})
USUAL_METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"})

TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
"""What RFC 9110 allows as a method and as a header name."""

CREDENTIALS = re.compile(r"://[^/@\s]*@")

MEBIBYTE = 1 << 20


def _as_words(value: object) -> object:
    """A command line given as one string becomes its words, by the rules of a POSIX shell."""
    if not isinstance(value, str):
        return value
    try:
        return shlex.split(value)
    except ValueError as error:
        raise ValueError(f"{value!r} is not a command line: {error}") from None


def _as_list(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _as_text(value: object) -> object:
    """YAML reads ``X-Version: 2`` as a number and ``debug: true`` as a boolean; on the wire they are text."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int | float) else value


Text = Annotated[str, BeforeValidator(_as_text)]
Words = Annotated[tuple[str, ...], BeforeValidator(_as_words)]
Targets = Annotated[tuple[str, ...], BeforeValidator(_as_list)]


class SessionConfig(Section):
    """Where the agent expects the id of a conversation: exactly one of the three."""

    header: str | None = Field(None, description="Name of the request header that carries the session id")
    field: str | None = Field(None, min_length=1, description="Name of the top-level field of the body")
    cookie: str | None = Field(None, description="Name of the cookie")

    @field_validator("header", "cookie")
    @classmethod
    def _is_token(cls, value: str | None) -> str | None:
        if value is not None and not TOKEN.fullmatch(value):
            raise ValueError(f"{value!r} is not a name that HTTP allows (letters, digits and -)")
        return value

    @model_validator(mode="after")
    def _exactly_one(self) -> SessionConfig:
        given = [name for name in ("header", "field", "cookie") if getattr(self, name) is not None]
        if len(given) != 1:
            seen = " and ".join(given) or "none"
            raise ValueError(f"give exactly one of header, field and cookie (seen: {seen})")
        return self


class ServeConfig(PlacedSection):
    """How flakestorm starts the agent itself. ``{port}`` stands for the free port that it picked."""

    command: Words = Field(min_length=1, description="Program and arguments, as a list or one line; no shell")
    ready: str | None = Field(
        None, description="URL that answers when the agent is ready; without it: the port accepts connections"
    )
    env: dict[str, Text] = Field(default_factory=dict, repr=False, description="Environment variables to add")
    cwd: str | None = Field(
        None, description="Directory to start in; default and start of a relative one: this file's"
    )
    replicas: int = Field(1, ge=1, le=256, description="How many processes to start, each with its own port")
    ready_timeout_s: float = Field(30, gt=0, le=3600, description="Seconds that the start may take")
    restarts: int = Field(5, ge=0, description="How often a process that died is started again")

    @property
    def folder(self) -> str:
        """Where the command is started."""
        return str(self.directory / (self.cwd or ""))

    @field_validator("ready")
    @classmethod
    def _ready_is_url(cls, value: str | None) -> str | None:
        return value if value is None else check_http_url(value)


class AgentConfig(PlacedSection):
    """The agent under test.

    Fields are checked in this order: each comes after those that decide how it must look.
    """

    model_config = ConfigDict(
        json_schema_extra={"anyOf": [{"required": ["endpoint"]}, {"required": ["command"]}]}
    )

    type: str = Field("http", description="http, python, langchain, openai, command, or the name of a plugin")
    serve: ServeConfig | None = Field(None, description="Start the agent for the run, and stop it afterwards")
    command: Words = Field((), description="type command: program and arguments; no shell")
    endpoint: str = Field(
        "",
        description="URL (http, openai), module:attribute or file.py:attribute (python, langchain), "
        "or the command line (command)",
    )
    prompt_via: Literal["stdin", "argument"] = Field(
        None,  # type: ignore[arg-type]  # the validator below puts a value in its place
        description="type command: how the prompt gets in; default: argument where {prompt} is in the "
        "command, else stdin",
    )
    env: dict[str, Text] = Field(
        default_factory=dict, repr=False, description="type command: environment variables to add"
    )
    cwd: str | None = Field(
        None,
        description="Directory of the command or the Python code; default and start of a relative one: "
        "this file's",
    )

    method: str = Field("POST", description="HTTP method")
    headers: dict[str, Text] = Field(default_factory=dict, repr=False, description="Request headers")
    query_params: dict[str, Text] = Field(
        default_factory=dict, repr=False, description="Query parameters; {prompt} and {field} work"
    )
    parse_structured_input: bool = Field(
        True, description="'Key: value' lines of the prompt become fields of the request template"
    )
    request_template: str | None = Field(
        None, description="The request body, with {prompt}, {messages}, {session} and {field} in it"
    )
    session: SessionConfig | None = Field(
        None, description="Where a conversation's id goes; turns are then sent one by one"
    )
    response_path: str | None = Field(
        None, min_length=1, description="Where the reply is in a JSON answer: $.a.b[0] or a.b.0"
    )
    stream: Literal["auto", "sse", "ndjson", "off"] = Field(
        "auto", description="How a streamed answer is framed; auto goes by its content type"
    )
    timeout: int = Field(
        30_000, ge=1000, le=300_000, description="Milliseconds until an answer must be complete"
    )
    max_reply_bytes: int = Field(
        10 * MEBIBYTE, ge=1, description="An answer larger than this (decompressed) is an error"
    )
    follow_redirects: bool = Field(
        True, description="Follow redirects on the same host, five at most; others are always an error"
    )
    verify_tls: bool = Field(True, description="Check the server's certificate")

    model: str | None = Field(None, description="type openai: the model to ask for")
    api: Literal["chat", "responses"] = Field(
        "chat", description="type openai: chat completions or the Responses API"
    )
    api_key: str | None = Field(
        None, repr=False, description="type openai: the key, as ${VARIABLE} of the environment"
    )
    system_prompt: str | None = Field(None, description="type openai: sent before the prompt")

    reset_endpoint: str | None = Field(
        None,
        description="POST this URL (or path on the endpoint's host) to bring the agent back to its start",
    )
    reset_function: str | None = Field(
        None, description="module:function to call for the same, in this process"
    )
    deterministic: bool = Field(
        False, description="The agent always answers the same; the control arm is then run once"
    )
    allow_protocol_attacks: bool = Field(
        False, description="Send malformed HTTP to a host other than this machine"
    )
    tools: Targets = Field((), description="Tools that are plain functions: module:function, one or several")
    tool_registry: Targets = Field((), description="Mappings of tools: module:attribute, one or several")

    def __repr_args__(self) -> Iterable[tuple[str | None, Any]]:
        """What a traceback or a notebook shows: nothing that could be a secret."""
        for name, value in super().__repr_args__():
            yield name, CREDENTIALS.sub("://…@", value) if isinstance(value, str) else value

    @property
    def folder(self) -> str:
        """Where the command is started, or the Python code is looked for."""
        return str(self.directory / (self.cwd or ""))

    @property
    def command_line(self) -> tuple[str, ...]:
        """Program and arguments of a command agent, from ``command`` or else from ``endpoint``."""
        return self.command or tuple(shlex.split(self.endpoint))

    @field_validator("type")
    @classmethod
    def _known_kind(cls, value: str) -> str:
        # The built-in names are listed, because looking them up would import every kind of agent.
        if value in BUILTIN_KINDS or value in agent_kinds:
            return value
        known = (*BUILTIN_KINDS, *(name for name in agent_kinds if name not in BUILTIN_KINDS))
        raise ValueError(f"unknown type '{value}'{did_you_mean(value, known)} Accepted: {', '.join(known)}")

    @field_validator("endpoint")
    @classmethod
    def _endpoint_fits_type(cls, value: str, info: ValidationInfo) -> str:
        kind = info.data.get("type")
        if kind == "command":
            return _check_command(value, info.data)
        if not value.strip():
            raise ValueError("missing: say where the agent is, e.g. http://localhost:8000/invoke")
        if "{port}" in value and info.data.get("serve") is None and "serve" in info.data:
            raise ValueError(f"{value!r} has {{port}}, which needs agent.serve to start the agent")
        if kind in HTTP_KINDS:
            return check_http_url(value.strip())
        return check_python_target(value.strip()) if kind in PYTHON_KINDS else value

    @field_validator("prompt_via", mode="before")
    @classmethod
    def _prompt_via_default(cls, value: object, info: ValidationInfo) -> object:
        if value is not None:
            return value
        words = (*info.data.get("command", ()), info.data.get("endpoint", ""))
        return "argument" if any("{prompt}" in word for word in words) else "stdin"

    @field_validator("method")
    @classmethod
    def _method_is_token(cls, value: str) -> str:
        if not TOKEN.fullmatch(value):
            raise ValueError(f"{value!r} is not a method that HTTP allows, such as POST or GET")
        return value.upper() if value.upper() in USUAL_METHODS else value

    @field_validator("headers")
    @classmethod
    def _headers_are_sendable(cls, value: Mapping[str, str]) -> Mapping[str, str]:
        for name, text in value.items():
            if not TOKEN.fullmatch(name):
                raise ValueError(f"{name!r} is not a header name (letters, digits and -)")
            if re.search(r"[\r\n\0]", text):
                raise ValueError(f"the value of header '{name}' has a line break or NUL, which HTTP forbids")
        return value

    @field_validator("request_template")
    @classmethod
    def _template_takes_prompt(cls, value: str | None, info: ValidationInfo) -> str | None:
        data = info.data
        if value is None or data.get("type") not in HTTP_KINDS:
            return value
        if data["type"] == "openai":
            raise ValueError(
                "type openai writes the request body itself; for a body of your own use type http"
            )
        structured = data.get("parse_structured_input", True)
        query = query_template(data.get("query_params", {}), structured)
        if not (query.has_prompt or RequestTemplate(value, _content_type(data), structured).has_prompt):
            raise ValueError("there is no {prompt} in it, so every request would be the same")
        return value

    @field_validator("session")
    @classmethod
    def _session_has_a_place(cls, value: SessionConfig | None, info: ValidationInfo) -> SessionConfig | None:
        template = info.data.get("request_template")
        if value is not None and value.field is not None and template is not None:
            with_session_field(template, value.field, _content_type(info.data))
        return value

    @field_validator("response_path")
    @classmethod
    def _path_parses(cls, value: str | None) -> str | None:
        if value is not None:
            parse_path(value)
        return value

    @field_validator("model")
    @classmethod
    def _openai_needs_model(cls, value: str | None, info: ValidationInfo) -> str | None:
        if info.data.get("type") == "openai" and not value:
            raise ValueError("missing: type openai sends the name of a model with each request")
        return value

    @field_validator("reset_endpoint")
    @classmethod
    def _reset_is_url(cls, value: str | None) -> str | None:
        if value is None or value.startswith("/"):
            return value
        return check_http_url(value)

    @field_validator("reset_function")
    @classmethod
    def _reset_is_target(cls, value: str | None) -> str | None:
        return value if value is None else check_python_target(value)

    @field_validator("tools", "tool_registry")
    @classmethod
    def _tools_are_targets(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(check_python_target(target) for target in value)


def _content_type(data: Mapping[str, Any]) -> str:
    headers: Mapping[str, str] = data.get("headers", {})
    return next((text for name, text in headers.items() if name.lower() == "content-type"), "")


def _check_command(value: str, data: Mapping[str, Any]) -> str:
    if data.get("command") and value.strip():
        raise ValueError("the command is given twice: in endpoint and in command. Remove one of them")
    if not data.get("command") and not _as_words(value):
        raise ValueError("missing: write the command into endpoint, or as a list into command")
    return value
