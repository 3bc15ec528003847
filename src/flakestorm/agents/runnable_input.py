"""What a LangChain runnable wants as its input: a text, messages, or a mapping with these in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_type_hints

from flakestorm.agents.conversation import transcript
from flakestorm.agents.python_entry import CONVERSATION_NAMES, TEXT_NAMES
from flakestorm.model.errors import UsageError

EXAMPLE = "RunnableLambda(lambda text: {{{keys}}}) | chain"


@dataclass(frozen=True, slots=True)
class RunnableInput:
    """Under which names the prompt and the messages go in; without any name they go in as they are.

    ``bare_messages`` is for chat models, which take a text or a list of messages.
    """

    text: str | None = None
    messages: str | None = None
    bare_messages: bool = False

    @property
    def takes_messages(self) -> bool:
        """False when a conversation can only be sent as one text."""
        return self.bare_messages or self.messages is not None

    def of_text(self, turns: Sequence[str]) -> Any:
        """The input for ``turns`` in one text."""
        text = transcript(turns)
        return text if self.text is None else {self.text: text}

    def of_conversation(self, turns: Sequence[str], replies: Sequence[str]) -> Any:
        """The input for the last of ``turns``, with the earlier ones and the ``replies`` to them."""
        if self.messages is None:
            return turns[-1] if len(turns) == 1 else spoken(turns, replies)
        if self.text is None:
            return {self.messages: spoken(turns, replies)}
        return {self.text: turns[-1], self.messages: spoken(turns[:-1], replies)}


def spoken(turns: Sequence[str], replies: Sequence[str]) -> list[Any]:
    """``turns`` and ``replies`` as LangChain messages, one after the other."""
    from langchain_core.messages import AIMessage, HumanMessage

    said: list[Any] = []
    for index, turn in enumerate(turns):
        said.append(HumanMessage(turn))
        if index < len(replies):
            said.append(AIMessage(replies[index]))
    return said


def runnable_input(runnable: Any, name: str) -> RunnableInput:
    """How to make the input of ``runnable``. Raises ``UsageError`` when it wants more than a prompt."""
    is_graph = hasattr(runnable, "channels") and hasattr(runnable, "checkpointer")
    schema = _schema(runnable)
    properties: Mapping[str, Any] = schema.get("properties", {})
    if not properties:
        return RunnableInput(bare_messages=_takes_list(schema))
    lists = [key for key, held in properties.items() if key in CONVERSATION_NAMES or _takes_list(held)]
    messages = next((key for key in CONVERSATION_NAMES if key in lists), None)
    if is_graph and messages == "messages":
        # The other channels of its state are the graph's own business.
        return RunnableInput(messages=messages)
    others = [key for key in properties if key not in lists]
    text = _text_key(others, schema.get("required", ()))
    if text is None and (others or messages is None):
        raise _unclear(name, list(properties))
    missing = [key for key in schema.get("required", ()) if key not in (text, messages)]
    if missing and not is_graph:
        raise _unclear(name, list(properties))
    return RunnableInput(text, messages)


def _schema(runnable: Any) -> Mapping[str, Any]:
    """The JSON schema of the input, or what can be found out of it. Empty when that is nothing."""
    try:
        schema: Mapping[str, Any] = runnable.get_input_jsonschema()
    except Exception:  # noqa: BLE001 - user types may have no schema: typing.TypedDict has none before Python 3.12
        schema = _declared(runnable)
    if schema.get("properties"):
        return schema
    keys = getattr(runnable, "input_keys", None)
    if isinstance(keys, list | tuple | set) and keys:
        return {"properties": {str(key): {} for key in keys}, "required": [str(key) for key in keys]}
    return schema


def _declared(runnable: Any) -> Mapping[str, Any]:
    """The keys of a graph's state from its type hints; a list is known by its name alone."""
    state = getattr(getattr(runnable, "builder", None), "input_schema", None)
    try:
        hints = get_type_hints(state) if state is not None else {}
    except (NameError, TypeError):
        hints = {}
    return {"properties": {key: {} for key in hints}}


def _takes_list(schema: Mapping[str, Any]) -> bool:
    options = [schema, *schema.get("anyOf", ())]
    return any(option.get("type") == "array" for option in options)


def _text_key(keys: Sequence[str], required: Sequence[str]) -> str | None:
    if len(keys) == 1:
        return keys[0]
    usual = next((name for name in TEXT_NAMES if name in keys), None)
    needed = [key for key in keys if key in required]
    return usual or (needed[0] if len(needed) == 1 else None)


def _unclear(name: str, keys: list[str]) -> UsageError:
    example = EXAMPLE.format(keys=", ".join(f"'{key}': …" for key in keys[:3]))
    return UsageError(
        f"agent.endpoint: '{name}' takes {', '.join(keys)}, and flakestorm has only the prompt. "
        f"Put in front of it what fills the rest, e.g. {example}"
    )
