"""The ``golden_prompts`` section: one text, a conversation, or either with a name."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    Field,
    GetJsonSchemaHandler,
    SerializerFunctionWrapHandler,
    model_serializer,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from flakestorm.model.prompt import GoldenPrompt
from flakestorm.section import Section

LONGEST = 5_000_000
"""Characters. Larger prompts would be multiplied by the number of mutations."""


def _sayable(text: str) -> str:
    if not text.strip():
        raise ValueError("the prompt is blank; write what the agent is asked, or remove it")
    if len(text) > LONGEST:
        raise ValueError(f"the prompt has {len(text):,} characters; at most {LONGEST:,} are accepted")
    return text


Text = Annotated[str, AfterValidator(_sayable)]


class PromptEntry(Section):
    """One golden prompt as it is written: exactly one of ``prompt``, ``input`` and ``turns``."""

    prompt: Text | None = Field(None, description="What the agent is asked")
    input: Text | None = Field(None, description="The same as prompt")
    turns: tuple[Text, ...] | None = Field(
        None, min_length=1, description="A conversation; its last turn is the one that gets disturbed"
    )
    name: str = Field("", description="What reports call the prompt; default: its text")
    id: str = Field("", description="The same as name")

    @model_validator(mode="before")
    @classmethod
    def _from_short_form(cls, data: Any) -> Any:
        if isinstance(data, str):
            return {"prompt": data}
        if isinstance(data, list | tuple):
            return {"turns": data}
        if data is None or isinstance(data, bool | int | float):
            raise ValueError(
                "a prompt is text (a number needs quotes), a list of turns, or a mapping with the key prompt"
            )
        return data

    @model_validator(mode="after")
    def _exactly_one(self) -> PromptEntry:
        given = [key for key in ("prompt", "input", "turns") if getattr(self, key) is not None]
        if len(given) != 1:
            raise ValueError(
                f"give exactly one of prompt, input and turns (seen: {', '.join(given) or 'none'})"
            )
        return self

    @property
    def golden(self) -> GoldenPrompt:
        """The golden prompt that is written here."""
        single = self.prompt if self.prompt is not None else self.input
        turns = (single,) if single is not None else self.turns or ()
        return GoldenPrompt(turns, self.name or self.id)

    @model_serializer(mode="wrap")
    def _as_written(self, handler: SerializerFunctionWrapHandler) -> Any:
        given = {key: value for key, value in handler(self).items() if value not in (None, "")}
        return next(iter(given.values())) if given.keys() in ({"prompt"}, {"turns"}) else given

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        mapping = handler.resolve_ref_schema(handler(schema))
        text = {"type": "string", "minLength": 1}
        turns = {"type": "array", "items": text, "minItems": 1}
        return {"anyOf": [text, turns, dict(mapping)]}
