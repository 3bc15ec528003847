"""Names of compositions: mutation types and operators joined by ``+``, such as ``noise+encoding_attacks``."""

from __future__ import annotations

import re

from flakestorm.model.mutation_type import MutationType

JOINT = "+"
"""Stands between the names of what is applied one after the other."""

_NAMES: dict[str, str] = {type_.value: type_.display_name for type_ in MutationType}

# The user's templates are part of operators' names, so a plus sign alone separates nothing.
_BETWEEN = re.compile(rf"{re.escape(JOINT)}(?=(?:{'|'.join(type_.value for type_ in MutationType)})\.)")


def types_in(type_: str) -> tuple[str, ...]:
    """The simple types of which ``type_`` is composed; a simple one alone."""
    return tuple(type_.split(JOINT))


def operators_in(operator: str) -> tuple[str, ...]:
    """The operators of which ``operator`` is composed; a simple one alone."""
    return tuple(_BETWEEN.split(operator))


def type_of(operator: str) -> str:
    """The mutation type in an operator's name, such as ``noise`` or ``noise+encoding_attacks``."""
    return JOINT.join(part.partition(".")[0] for part in operators_in(operator))


def short_name(operator: str) -> str:
    """An operator's name for people, without its types: ``transpose + base64 injected``."""
    names = [part.partition(".")[2].replace("_", " ") for part in operators_in(operator)]
    return f" {JOINT} ".join(names)


def display_name(type_: str) -> str:
    """A type's name for people: ``Noise + Encoding Attacks``; the name itself where there is no such type."""
    names = [_NAMES.get(part) for part in types_in(type_)]
    return type_ if None in names else f" {JOINT} ".join(filter(None, names))
