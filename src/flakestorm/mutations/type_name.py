"""What ``mutations.types`` and ``mutations.weights`` may name: a mutation type, or several composed."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, WithJsonSchema

from flakestorm.model.composition import JOINT, types_in
from flakestorm.model.mutation_type import MutationType
from flakestorm.model.nearest import did_you_mean

ATTACKS = (
    MutationType.HTTP_HEADER_INJECTION,
    MutationType.PAYLOAD_SIZE_ATTACK,
    MutationType.CONTENT_TYPE_CONFUSION,
    MutationType.QUERY_PARAMETER_POISONING,
    MutationType.REQUEST_METHOD_ATTACK,
    MutationType.PROTOCOL_LEVEL_ATTACK,
    MutationType.CONCURRENT_REQUEST_PATTERN,
    MutationType.TIMEOUT_MANIPULATION,
)
"""The types that disturb nothing but the request: no text is left for a second operator."""

_SIMPLE: dict[str, MutationType] = {type_.value: type_ for type_ in MutationType}
_TEXTS = [str(type_) for type_ in MutationType if type_ not in ATTACKS]


def known_type(name: str) -> str:
    """``name`` if it is a mutation type (then as a member) or a composition of text types.

    Raises ``ValueError`` with the nearest name.
    """
    parts = [part.strip() for part in types_in(name)]
    for part in parts:
        if part not in _SIMPLE:
            where = f" (in '{name}')" if len(parts) > 1 else ""
            near = did_you_mean(part, _SIMPLE) or "."
            raise ValueError(
                f"'{part}'{where} is not accepted here{near} Accepted: {', '.join(_SIMPLE)}, "
                f"or several of them joined by {JOINT}"
            )
    if len(parts) == 1:
        return _SIMPLE[parts[0]]
    for part in parts:
        if part in ATTACKS:
            raise ValueError(
                f"'{name}' cannot be composed: {part} disturbs the request and not the text. "
                f"Name it on its own. Types that can be joined by {JOINT}: {', '.join(_TEXTS)}"
            )
    return JOINT.join(parts)


_TEXT = "|".join(_TEXTS)

# One plain type instead of a union: a wrong name is one error.
TypeName = Annotated[
    str,
    AfterValidator(known_type),
    WithJsonSchema(
        {
            "type": "string",
            "anyOf": [
                {"enum": [*_SIMPLE]},
                {"pattern": rf"^({_TEXT})(\{JOINT}({_TEXT}))+$"},
            ],
        }
    ),
]
