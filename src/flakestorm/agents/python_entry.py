"""How a Python object is called: which of its methods, and how the prompt and the conversation get in."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from flakestorm.agents.conversation import messages, transcript
from flakestorm.agents.tracebacks import headline, last_lines
from flakestorm.model.errors import UsageError

TEXT_NAMES = ("input", "prompt", "text", "message", "query", "question")
CONVERSATION_NAMES = ("messages", "history", "chat_history")
BY_NAME = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


@dataclass(frozen=True, slots=True)
class PythonEntry:
    """A function and how it takes its input.

    ``text`` names the parameter for the prompt ("" is the first position), or is None where the function
    takes nothing but the conversation. ``conversation`` names the parameter that takes a list of
    ``{"role", "content"}``; with ``text`` it gets the earlier turns, without it all of them.
    """

    function: Callable[..., Any]
    text: str | None = ""
    conversation: str | None = None
    conversation_optional: bool = False
    on_loop: bool = False

    def bind(self, turns: Sequence[str], replies: Sequence[str] = ()) -> Callable[[], Any]:
        """The call for the last of ``turns``, ready to be made; ``replies`` answered the earlier ones."""
        if self.conversation is None:
            return self._with_text(transcript(turns), {})
        if self.text is None:
            spoken = messages(turns, replies)
            return functools.partial(self.function, **{self.conversation: spoken})
        earlier = messages(turns[:-1], replies)
        if not earlier and self.conversation_optional:
            return self._with_text(turns[-1], {})
        return self._with_text(turns[-1], {self.conversation: earlier})

    def _with_text(self, text: str, more: dict[str, Any]) -> Callable[[], Any]:
        if self.text:
            return functools.partial(self.function, **{self.text: text}, **more)
        return functools.partial(self.function, text, **more)


def python_entry(target: object, name: str) -> PythonEntry:
    """How ``target`` is called; ``name`` is for messages. Raises ``UsageError`` where flakestorm cannot."""
    function = _function(target, name)
    on_loop = _runs_on_loop(function)
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (ValueError, TypeError):
        # Functions written in C may have no signature; they get the prompt in first position.
        return PythonEntry(function, on_loop=on_loop)
    return _entry(function, parameters, name, on_loop)


def _function(target: object, name: str) -> Callable[..., Any]:
    if isinstance(target, type):
        target = made(target, name)
    if inspect.isroutine(target) or isinstance(target, functools.partial):
        return target
    for method in ("ainvoke", "invoke", "__call__"):
        found = getattr(target, method, None)
        if callable(found):
            return found  # type: ignore[no-any-return]  # callable() narrows to an untyped callable
    methods = [
        known for known in dir(target) if not known.startswith("_") and callable(getattr(target, known, None))
    ]
    hint = f" Name one of its methods, e.g. '{name}.{methods[0]}'." if methods and ":" in name else ""
    raise UsageError(
        f"agent.endpoint: '{name}' is {type(target).__name__}, which cannot be called. Accepted: a function, "
        f"an object with invoke or ainvoke, or a class of such objects.{hint}"
    )


def made(maker: Callable[[], object], name: str) -> object:
    """What ``maker``, a class or function without arguments, makes. Raises ``UsageError`` when it fails."""
    try:
        return maker()
    except (Exception, SystemExit) as error:
        raise UsageError(
            f"agent.endpoint: calling '{name}' without arguments, to make the agent, failed with "
            f"{headline(error)}\n{last_lines(error)}\nName a finished object instead."
        ) from error


def _runs_on_loop(function: Callable[..., Any]) -> bool:
    call = getattr(function, "__call__", None)  # noqa: B004 - wanted is the method itself, not whether there is one
    return any(
        inspect.iscoroutinefunction(candidate) or inspect.isasyncgenfunction(candidate)
        for candidate in (function, call)
    )


def _entry(
    function: Callable[..., Any], parameters: list[inspect.Parameter], name: str, on_loop: bool
) -> PythonEntry:
    conversation = next((p for p in parameters if p.name in CONVERSATION_NAMES and p.kind in BY_NAME), None)
    text = _text_parameter(parameters, conversation)
    if text is None and conversation is None:
        raise UsageError(
            f"agent.endpoint: '{name}' takes no argument that could be the prompt"
            f"{_signature_text(parameters)}. "
            f"Give it one parameter, e.g. def {name.rpartition(':')[2] or 'agent'}(prompt)."
        )
    chosen = {parameter.name for parameter in (text, conversation) if parameter is not None}
    missing = [p.name for p in parameters if _is_required(p) and p.name not in chosen]
    if missing:
        raise UsageError(_too_many(name, missing, parameters))
    return PythonEntry(
        function,
        text=None if text is None else ("" if text.kind in (*POSITIONAL, text.VAR_POSITIONAL) else text.name),
        conversation=None if conversation is None else conversation.name,
        conversation_optional=conversation is not None and not _is_required(conversation),
        on_loop=on_loop,
    )


def _text_parameter(
    parameters: list[inspect.Parameter], conversation: inspect.Parameter | None
) -> inspect.Parameter | None:
    others = [parameter for parameter in parameters if parameter is not conversation]
    first = next((p for p in others if p.kind in (*POSITIONAL, p.VAR_POSITIONAL)), None)
    if first is not None and (conversation is None or _is_required(first) or first.name in TEXT_NAMES):
        # With a conversation, a first parameter like model="small" is a setting and not the prompt.
        return first
    return next((p for p in others if p.kind is p.KEYWORD_ONLY and p.name in TEXT_NAMES), None)


def _is_required(parameter: inspect.Parameter) -> bool:
    variable = parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
    return parameter.default is parameter.empty and not variable


def _signature_text(parameters: list[inspect.Parameter]) -> str:

    return f" (its signature is ({', '.join(map(str, parameters))}))" if parameters else ""


def _too_many(name: str, missing: list[str], parameters: list[inspect.Parameter]) -> str:
    listed = ", ".join(f"'{parameter}'" for parameter in missing)
    hint = "Give them defaults, or name a function that takes the prompt alone."
    if parameters[0].name == "self":
        owner = name.rpartition(".")[0]
        hint = f"It is a method of a class: name the class itself, '{owner}', or an object."
    return f"agent.endpoint: flakestorm passes the prompt alone, but '{name}' also requires {listed}. {hint}"
