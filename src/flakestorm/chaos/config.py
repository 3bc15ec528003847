"""The ``chaos`` section: what is done to the LLM, the tools and the context that the agent depends on."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import (
    AfterValidator,
    AliasChoices,
    BeforeValidator,
    ConfigDict,
    Field,
    field_validator,
    model_validator,
)

from flakestorm.chaos.modes import ATTACK_TYPES, LLM_MODES, TOOL_MODES
from flakestorm.chaos.options import AttackType, LlmMode, ModeTable, ToolMode, WithOptions
from flakestorm.model.nearest import did_you_mean
from flakestorm.section import Section

DriftType = Literal["json_field_rename", "verbosity_shift", "format_change", "refusal_rephrase", "tone_shift"]
Probability = Annotated[float, Field(ge=0, le=1)]
Milliseconds = Annotated[int, Field(ge=0, le=3_600_000)]
HttpStatus = Annotated[int, Field(ge=100, le=599)]
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")


class Fault(WithOptions):
    """When a fault fires: every condition that is given must hold."""

    probability: Probability = Field(1.0, description="How likely the fault fires on a matching call")
    after_calls: int | None = Field(None, ge=0, description="Only after so many matching calls")
    on_calls: tuple[Annotated[int, Field(ge=1)], ...] | None = Field(
        None, min_length=1, description="Only on these matching calls, counted from 1"
    )
    every: int | None = Field(None, ge=1, description="Only on each n-th matching call")
    times: int | None = Field(None, ge=1, description="At most so often in a trial, for each tool or model")
    max_active: int | None = Field(None, ge=1, description="At most so many calls disturbed at once")
    match_url: str | None = Field(
        None,
        min_length=1,
        description="Only calls to a URL that matches this glob, such as https://api.x.com/*",
    )
    delay_ms: Milliseconds | None = Field(None, description="Milliseconds to wait; default: the mode's own")
    retry_after: float | str | None = Field(
        None, description="Mode rate_limit: the retry-after header, as seconds or a date; null leaves it out"
    )
    retry_after_ms: Milliseconds | None = Field(
        None, description="Mode rate_limit: the retry-after-ms header, in milliseconds"
    )


class LlmFault(Fault):
    """One disturbance of the calls to a language model."""

    table: ClassVar[ModeTable] = LLM_MODES

    mode: LlmMode = Field(description="What happens to the call")
    model: str = Field("*", min_length=1, description="Only calls of this model (a glob)")
    max_tokens: int | None = Field(None, ge=0, description="Mode truncated_response: tokens that are left")
    after_chunks: int | None = Field(None, ge=0, description="Streams: chunks that come through before it")
    bytes_per_s: int | None = Field(None, ge=1, description="Mode bandwidth: bytes per second")
    status: HttpStatus | None = Field(
        None, description="Modes status, server_error, auth_error, html_error: the status"
    )
    drift_type: DriftType | None = Field(None, description="Mode response_drift: what changes in the answer")
    severity: str | None = Field(None, description="Mode response_drift: how much, such as subtle")
    direction: str | None = Field(None, description="Mode response_drift: which way, such as expand")
    factor: float | None = Field(
        None, gt=0, description="Mode response_drift: how many times longer or shorter"
    )

    @model_validator(mode="after")
    def _status_is_given(self) -> LlmFault:
        if self.mode == "status" and self.status is None:
            raise ValueError("mode 'status' needs the key status, such as status: 503")
        return self


class ToolFault(Fault):
    """One disturbance of the calls to a tool."""

    table: ClassVar[ModeTable] = TOOL_MODES

    tool: str = Field("*", min_length=1, description="Name of the tool, or a glob; * is every tool")
    mode: ToolMode = Field(description="What happens to the call")
    error_code: HttpStatus | None = Field(None, description="Mode error: the HTTP status, such as 503")
    message: str | None = Field(None, description="Mode error: the text of the error")
    headers: dict[str, str] | None = Field(None, description="Mode error: headers of the answer")
    payload: str | None = Field(None, description="Mode malicious_response: what the tool seems to say")


class ContextAttack(WithOptions):
    """Hostile content in what the agent reads: results of tools, memory, documents."""

    table: ClassVar[ModeTable] = ATTACK_TYPES
    kind_key: ClassVar[str] = "type"

    type: AttackType = Field(description="The kind of attack")
    enabled: bool = Field(True, description="false leaves the attack out")
    payloads: tuple[str, ...] = Field((), description="Texts to inject, one of them each time")
    payload: str | None = Field(None, description="The one text to inject")
    trigger_probability: Probability = Field(1.0, description="How likely a matching result is attacked")
    tool: str = Field("*", min_length=1, description="Attacks on results: only of this tool (a glob)")
    model: str = Field("*", min_length=1, description="Attacks on messages: only to this model (a glob)")
    on_calls: tuple[Annotated[int, Field(ge=1)], ...] | None = Field(
        None, min_length=1, description="Only on these matching calls, counted from 1"
    )
    strategy: Literal["prepend", "append", "replace"] = Field(
        "prepend", description="Where memory_poisoning puts its text"
    )
    inject_tokens: int | None = Field(None, ge=1, description="Type overflow: how many tokens are added")
    inject_at: int | str | None = Field(None, description="At which step or message the text is injected")


def _listed(attacks: Any) -> Any:
    """``{type: options}`` means the same as ``[{type: …, **options}]``."""
    if not isinstance(attacks, dict):
        return attacks
    listed: list[Any] = []
    for kind, options in attacks.items():
        if isinstance(options, dict):
            listed.append({"type": kind, **options})
        else:
            listed.append({"type": kind} if options is None else {"type": kind, "enabled": options})
    return listed


class Faults(Section):
    """A set of environment faults."""

    tool_faults: tuple[ToolFault, ...] = Field((), description="Disturbances of tool calls")
    llm_faults: tuple[LlmFault, ...] = Field((), description="Disturbances of language model calls")
    context_attacks: Annotated[
        tuple[ContextAttack, ...],
        BeforeValidator(
            _listed,
            json_schema_input_type=tuple[ContextAttack, ...] | dict[str, dict[str, Any] | bool | None],
        ),
    ] = Field((), description="Attacks through content: a list, or a mapping from type to options")

    @field_validator("tool_faults", "llm_faults", "context_attacks", mode="before")
    @classmethod
    def _nothing_is_none(cls, value: Any) -> Any:
        # All entries commented out leave a key without a value.
        return () if value is None else value

    @property
    def disturbed(self) -> frozenset[str]:
        """What the faults disturb: any of ``tool``, ``llm`` and ``context``."""
        parts = {
            "tool": self.tool_faults,
            "llm": self.llm_faults,
            "context": tuple(attack for attack in self.context_attacks if attack.enabled),
        }
        return frozenset(name for name, faults in parts.items() if faults)


class Scenario(Faults):
    """A named set of faults: a row of the chaos matrix."""

    name: str = Field(min_length=1, description="Name in reports; no-chaos is the scenario without faults")
    description: str = Field("", description="What the scenario stands for")


def _pattern(value: str) -> str:
    """``[METHOD ]/path/glob``, with the method in capital letters."""
    method, _, glob = value.strip().rpartition(" ")
    method = method.strip().upper()
    if method and method not in METHODS:
        near = did_you_mean(method, METHODS) or "."
        raise ValueError(f"unknown method '{method}'{near} Accepted: {', '.join(METHODS)}")
    if not glob.startswith(("/", "*")):
        raise ValueError(
            f"'{value}' is not a path below upstream; write it as /tools/orders/* or POST /refund"
        )
    return f"{method} {glob}".strip()


def _with_url(schema: dict[str, Any]) -> None:
    """The JSON schema of ``GatewayTool``: either name of the address will do."""
    schema["properties"]["url"] = {**schema["properties"]["upstream"], "description": "The same as upstream"}
    schema["required"] = [key for key in schema["required"] if key != "upstream"]
    schema["oneOf"] = [{"required": ["upstream"]}, {"required": ["url"]}]


class GatewayTool(Section):
    """Tools that the agent calls over HTTP, behind one address."""

    model_config = ConfigDict(json_schema_extra=_with_url)

    upstream: str = Field(
        pattern="^https?://[^/]",
        validation_alias=AliasChoices("upstream", "url"),
        description="Where the tool really is",
    )
    env: str | None = Field(
        None, min_length=1, description="Environment variable from which the agent takes the tool's address"
    )
    names: dict[str, Annotated[str, AfterValidator(_pattern)]] = Field(
        default_factory=dict,
        description="Tells several tools at one address apart: name to [METHOD ]/path/glob below upstream",
    )


class GatewayConfig(Section):
    """The proxy between the agent and what it calls."""

    upstreams: dict[
        Literal["openai", "anthropic", "google", "ollama"], Annotated[str, Field(pattern="^https?://[^/]")]
    ] = Field(default_factory=dict, description="Where each provider really is, if not at its usual address")
    tools: dict[Annotated[str, Field(pattern="^[^/?#%]+$")], GatewayTool] = Field(
        default_factory=dict, description="Tools by name"
    )
    port: int = Field(
        8377,
        ge=0,
        le=65_535,
        description="Where to listen for an agent that flakestorm does not start itself",
    )
    max_request_bytes: int = Field(
        64 << 20, ge=1, description="Larger request bodies are refused with status 413"
    )


class ChaosConfig(Faults):
    """The faults of ``run --chaos``, and how the agent's calls reach them."""

    gateway: GatewayConfig | None = Field(None, description="How the agent's own calls are routed")
