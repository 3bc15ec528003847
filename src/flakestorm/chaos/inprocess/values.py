"""Results of Python tools as bodies of answers, and back: faults change bytes, agents want values."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, is_dataclass, replace
from typing import Any

from flakestorm.chaos.effect import Answer
from flakestorm.chaos.inprocess.words import Headers

JSON: Headers = (("content-type", "application/json"),)
TEXT: Headers = (("content-type", "text/plain; charset=utf-8"),)


def answer_of(value: object) -> Answer:
    """``value`` as an answer with status 200. What has no JSON form becomes its text."""
    if isinstance(value, bytes):
        return Answer(200, JSON if _is_json(value) else TEXT, value)
    if isinstance(value, str):
        body = value.encode("utf-8", "surrogatepass")
        return Answer(200, JSON if _is_json(body) else TEXT, body)
    try:
        return Answer(
            200, JSON, json.dumps(_plain(value), ensure_ascii=False).encode("utf-8", "surrogatepass")
        )
    except (TypeError, ValueError, RecursionError):
        return Answer(200, TEXT, str(value).encode("utf-8", "surrogatepass"))


def value_of(body: bytes, like: object) -> object:
    """``body`` as a value of the type of ``like``, the undisturbed result.

    Where the fault makes that impossible, it is the plain JSON value or else the text: a tool in trouble
    does not keep to its type.
    """
    if isinstance(like, bytes):
        return body
    text = body.decode("utf-8", "replace")
    return text if isinstance(like, str) else _restored(_parsed(text), like)


def made_up_value(body: bytes, is_text: bool) -> object:
    """``body`` as the result of a tool that was not called; ``is_text`` says that it returns texts."""
    text = body.decode("utf-8", "replace")
    return text if is_text else _parsed(text)


def _parsed(text: str) -> object:
    try:
        value: object = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return value


def _is_json(body: bytes) -> bool:
    try:
        return isinstance(json.loads(body), dict | list)
    except (ValueError, RecursionError):
        return False


def _plain(value: object) -> Any:
    """``value`` as JSON knows it, on the outside; ``json.dumps`` asks for what is inside."""
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    dump = getattr(value, "model_dump", None)
    if callable(dump):
        return dump(mode="json")
    return sorted(value, key=repr) if isinstance(value, set | frozenset) else value


def _restored(plain: object, like: object) -> object:
    """``plain`` in the class of ``like`` again, or as it is where it does not fit any more."""
    if isinstance(like, tuple | set | frozenset) and isinstance(plain, list):
        return _made(type(like), plain)
    if is_dataclass(like) and not isinstance(like, type) and isinstance(plain, dict):
        return _made(lambda fields: replace(like, **fields), plain)
    validate = getattr(type(like), "model_validate", None)
    return _made(validate, plain) if callable(validate) else plain


def _made(make: Callable[[Any], object], plain: object) -> object:
    try:
        return make(plain)
    except (TypeError, ValueError):
        return plain
