"""``${VARIABLE}`` in the configuration: values that come from the environment and never from the file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flakestorm.core.config_errors import KeyPath, Problem
from flakestorm.model.nearest import did_you_mean

# $${ is the escape for a literal ${; anything that is not a variable's name, as in a{1,3}, stays as it is.
_REFERENCE = re.compile(
    r"(?P<escape>\$\$(?=\{))|\$\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)(:-(?P<default>[^}]*))?\}"
)


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable that was read: where in the configuration, its name, and its value."""

    path: KeyPath
    name: str
    value: str


@dataclass
class Expanded:
    """``value`` with every reference replaced, and the variables that were read for it.

    A reference that cannot be replaced stays in the text and is one of ``problems``.
    """

    value: Any = None
    variables: list[Variable] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def expand(value: Any, environment: Mapping[str, str]) -> Expanded:
    """``value`` (plain data, left unchanged) with ``${NAME}`` and ``${NAME:-default}`` replaced.

    The default counts when the variable is missing or empty, as in a shell.
    """
    expanded = Expanded()
    expanded.value = _expand(value, (), environment, expanded)
    return expanded


def escape(text: str) -> str:
    """``text`` so that ``expand`` gives it back: references in it are escaped."""
    return text.replace("${", "$${")


def _expand(value: Any, path: KeyPath, environment: Mapping[str, str], expanded: Expanded) -> Any:
    if isinstance(value, dict):
        return {key: _expand(item, (*path, key), environment, expanded) for key, item in value.items()}
    if isinstance(value, list):
        return [_expand(item, (*path, index), environment, expanded) for index, item in enumerate(value)]
    if not isinstance(value, str) or "${" not in value:
        return value

    def replace(match: re.Match[str]) -> str:
        if match["escape"]:
            return "$"
        name, default = match["name"], match["default"]
        found = environment.get(name)
        if found is None and default is None:
            expanded.problems.append(_missing(name, path, environment))
            return match[0]
        if not found and default is not None:
            return default
        expanded.variables.append(Variable(path, name, found or ""))
        return found or ""

    return _REFERENCE.sub(replace, value)


def _missing(name: str, path: KeyPath, environment: Mapping[str, str]) -> Problem:
    near = did_you_mean(name, environment)
    return Problem(
        f"the environment variable {name} is not set{near or '.'} "
        f"Set it, give a default as in ${{{name}:-value}}, or write $${{{name}}} if you mean the text itself",
        path,
    )
