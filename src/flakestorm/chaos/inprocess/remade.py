"""Results and exceptions of Python tools in recordings: written down, and made again when they are played."""

from __future__ import annotations

import json
import sys
from dataclasses import is_dataclass
from typing import Any

from flakestorm.chaos.effect import Answer
from flakestorm.chaos.inprocess.values import made_up_value
from flakestorm.chaos.inprocess.words import Headers
from flakestorm.chaos.recorded import Recorded, Tape

TYPE = "x-flakestorm-type"
"""The header that has the class of a tool's result, as ``module:name``."""

NOT_JSON = "?"
"""Stands before the class where the result cannot be made again from its JSON."""

RAISED = "x-flakestorm-raised"
"""The header that has the class of what a tool raised."""


def typed(answer: Answer, value: object) -> Headers:
    """The headers of ``answer``, in which ``value`` was written down, with its type."""
    name = _name_of(type(value))
    try:
        again = made_again(answer.body, name)
        is_same = type(again) is type(value) and bool(again == value)
    except Exception:  # noqa: BLE001 - comparing runs code of the agent
        is_same = False
    return (*answer.headers, (TYPE, name if is_same else NOT_JSON + name))


def made_again(body: bytes, name: str) -> object:
    """The result that was written down in ``body``, a value of the class ``name`` where it can be one."""
    if name == "builtins:bytes":
        return body
    if name == "builtins:str":
        return body.decode("utf-8", "surrogatepass")
    plain = made_up_value(body, is_text=False)
    kind: Any = _class_at(name)
    if kind in (tuple, set, frozenset) and isinstance(plain, list):
        return kind(plain)
    try:
        if isinstance(plain, dict) and is_dataclass(kind):
            made: object = kind(**plain)  # type: ignore[operator]  # a class, as _class_at says
            return made
        validate = getattr(kind, "model_validate", None)
        return validate(plain) if callable(validate) else plain
    except (TypeError, ValueError):
        return plain


def type_in(headers: Headers) -> str:
    """The class that ``typed`` wrote into ``headers``, or ""."""
    return next((value for name, value in headers if name == TYPE), "")


def tape_raised(tape: Tape | None, error: Exception) -> None:
    """Keep that a tool raised ``error``."""
    if tape is None:
        return
    arguments = [value if isinstance(value, str | int | float | None) else str(value) for value in error.args]
    tape.head(500, (("content-type", "application/json"), (RAISED, _name_of(type(error)))))
    tape.add(json.dumps(arguments).encode())
    tape.end()


def raised_in(recorded: Recorded) -> Exception | None:
    """What the tool raised when it was recorded; a ``RuntimeError`` where its class cannot be had."""
    name = next((value for name, value in recorded.headers if name == RAISED), "")
    if not name:
        return None
    arguments = made_up_value(recorded.body, is_text=False)
    arguments = arguments if isinstance(arguments, list) else [str(arguments)]
    kind = _class_at(name)
    if isinstance(kind, type) and issubclass(kind, Exception):
        try:
            return kind(*arguments)
        except Exception:  # noqa: BLE001, S110 - an exception of the agent's own may want other arguments
            pass
    return RuntimeError(f"{name.partition(':')[2]}: {', '.join(map(str, arguments))}")


def _name_of(kind: type) -> str:
    return f"{kind.__module__}:{kind.__qualname__}"


def _class_at(name: str) -> Any:
    """The class, where its module is loaded: a file must not decide what is imported."""
    module, _, path = name.partition(":")
    found: Any = sys.modules.get(module)
    for part in path.split("."):
        found = getattr(found, part, None)
    return found if isinstance(found, type) else None
