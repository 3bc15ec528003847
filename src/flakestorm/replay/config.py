"""The ``replays`` section: recorded sessions that must not go wrong again, and where to fetch more."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, model_validator

from flakestorm.section import Section


class ToolResponse(Section):
    """What a tool answered when the session was recorded."""

    tool: str = Field(min_length=1, description="Name of the tool")
    response: Any = Field(None, description="What it returned: text, or any JSON value")
    status: int | None = Field(None, ge=0, le=999, description="HTTP status; 0 where no answer came")
    latency_ms: float | None = Field(None, ge=0, description="How long it took, in milliseconds")


class ReplaySession(Section):
    """One recorded session: in a file of its own, or here."""

    file: str | None = Field(None, min_length=1, description="Session file, relative to this one")
    id: str | None = Field(None, min_length=1, description="Name of the session in reports")
    name: str = Field("", description="A title for people")
    source: str = Field("", description="Where it was recorded, such as manual or langsmith")
    captured_at: str | None = Field(None, description="When it was recorded")
    input: str | None = Field(None, min_length=1, description="What the user sent")
    context: Any = Field(None, description="What came before: earlier messages, a system prompt")
    tool_responses: tuple[ToolResponse, ...] = Field((), description="What the tools answered, in order")
    expected_failure: str | None = Field(None, description="What went wrong in the recorded session")
    contract: str | None = Field(
        None, min_length=1, description="Contract to judge by: its name in this file, or a path"
    )

    @model_validator(mode="after")
    def _file_or_inline(self) -> ReplaySession:
        if self.file is None:
            missing = [key for key in ("id", "input") if getattr(self, key) is None]
            if missing:
                raise ValueError(
                    f"a session needs either file, or id and input here (missing: {', '.join(missing)})"
                )
        elif self.input is not None:
            raise ValueError("the session is given twice: in file and here. Remove file or input")
        return self


SESSION_VERSION: Literal["1.0"] = "1.0"
"""The version of the session file's format; readers refuse later ones."""


class SessionFile(ReplaySession):
    """A session file with one session."""

    version: Literal["1.0"] = Field(SESSION_VERSION, description="Version of the file format")


class SessionsFile(Section):
    """A session file with several sessions."""

    version: Literal["1.0"] = Field(SESSION_VERSION, description="Version of the file format")
    sessions: tuple[ReplaySession, ...] = Field(min_length=1, description="Recorded sessions")


class SourceFilter(Section):
    """Which of a project's sessions to fetch."""

    status: str | None = Field(None, description="Only sessions that ended so, such as error")
    date_range: str | None = Field(None, description="Only from this time, such as last_7_days")
    min_latency_ms: float | None = Field(None, ge=0, description="Only those that took at least this long")


class ReplaySource(Section):
    """A service that recorded sessions."""

    type: Literal["langsmith", "langsmith_run"] = Field(
        description="langsmith: a project; langsmith_run: one run"
    )
    project: str | None = Field(None, min_length=1, description="type langsmith: name of the project")
    run_id: str | None = Field(None, min_length=1, description="type langsmith_run: id of the run")
    filter: SourceFilter = Field(SourceFilter(), description="type langsmith: which sessions")
    auto_import: bool = Field(False, description="Fetch the sessions anew on each run")

    @model_validator(mode="after")
    def _has_its_key(self) -> ReplaySource:
        key = "project" if self.type == "langsmith" else "run_id"
        if getattr(self, key) is None:
            raise ValueError(f"type '{self.type}' needs the key {key}")
        return self


class ReplaysConfig(Section):
    """Sessions to replay."""

    sessions: tuple[ReplaySession, ...] = Field((), description="Recorded sessions")
    sources: tuple[ReplaySource, ...] = Field((), description="Services to fetch sessions from")
