"""The ``output`` section: which reports a run leaves behind, and where."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, GetJsonSchemaHandler, field_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from flakestorm.model.nearest import did_you_mean
from flakestorm.section import Section

USUAL_FORMATS = ("html", "json", "jsonl", "junit", "sarif", "markdown", "csv", "terminal")

TEMPLATE_FIELDS = ("run_id", "date", "time")
"""What ``filename_template`` may hold in braces."""


def _as_list(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


def _known_formats() -> list[str]:
    # Only for a name that is not built in: importing the registry imports every writer.
    from flakestorm.reports.formats import TERMINAL, formats

    return sorted({TERMINAL, *formats})


def known_format(name: str) -> str:
    """``name`` if it is a report format. Raises ``ValueError`` with the nearest name."""
    if name in USUAL_FORMATS:
        return name
    known = _known_formats()
    if name not in known:
        near = did_you_mean(name, known) or "."
        raise ValueError(f"'{name}' is not accepted here{near} Accepted: {', '.join(known)}")
    return name


class _FormatSchema:
    """The JSON Schema of a format's name: those that are registered when the schema is made."""

    def __get_pydantic_json_schema__(
        self, _schema: CoreSchema, _handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {"enum": _known_formats(), "type": "string"}


FormatName = Annotated[str, AfterValidator(known_format), _FormatSchema()]


class OutputConfig(Section):
    """One format or several; the file name gets the format's ending."""

    format: Annotated[
        tuple[FormatName, ...],
        BeforeValidator(_as_list, json_schema_input_type=FormatName | tuple[FormatName, ...]),
    ] = Field(("html",), min_length=1, description="One format, or a list of them")
    path: str = Field("./reports", min_length=1, description="Folder for reports; it is made if need be")
    filename_template: str = Field(
        "flakestorm-{run_id}",
        min_length=1,
        description="File name without ending; {run_id}, {date} and {time} are filled in",
    )

    @field_validator("filename_template", mode="before")
    @classmethod
    def _no_template_is_default(cls, value: object) -> object:
        return "flakestorm-{run_id}" if value is None else value

    @field_validator("filename_template")
    @classmethod
    def _template_is_file_name(cls, value: str) -> str:
        for name in re.findall(r"\{([^{}]*)\}", value):
            if name not in TEMPLATE_FIELDS:
                known = ", ".join(f"{{{field}}}" for field in TEMPLATE_FIELDS)
                near = did_you_mean(name, TEMPLATE_FIELDS)
                raise ValueError(f"unknown field '{{{name}}}'{near or '.'} Accepted: {known}")
        if re.search(r"[/\\\x00-\x1f]", value):
            raise ValueError(f"{value!r} is not a file name; the folder goes into output.path")
        return value
