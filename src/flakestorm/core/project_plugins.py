"""The ``plugins`` of a configuration: modules of the user's project, imported before the rest is validated.

An installed plugin that breaks is left out with a warning, because nobody asked for it here. These are named
in the file, and what they register is used in it, so one that breaks is an error at its line. The rest of the
file is not judged then: whatever is unknown in it may be what the plugin would have registered.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError

from flakestorm.agents.loading import load_module
from flakestorm.model.errors import UsageError

KEY = "plugins"


def import_plugins(data: Any, directory: Path) -> None:
    """Import what ``data`` lists as ``plugins``; relative paths and modules are looked for in ``directory``.

    Raises pydantic's ``ValidationError`` with one error for each that cannot be imported. Entries that are
    no text, or empty, are left to the validation.
    """
    listed = data.get(KEY) if isinstance(data, Mapping) else None
    if not isinstance(listed, list | tuple) or not listed:
        return
    _register_builtin()
    problems = []
    for index, name in enumerate(listed):
        if isinstance(name, str) and name.strip():
            try:
                load_module(name.strip(), KEY, directory)
            except UsageError as error:
                problems.append(_problem(index, name, str(error).removeprefix(f"{KEY}: ")))
    if problems:
        raise ValidationError.from_exception_data("FlakeStormConfig", problems)


def _register_builtin() -> None:
    """First, so that a plugin with a name of theirs is told so, and not they."""
    import flakestorm.agents.builtin
    import flakestorm.invariants.builtin
    import flakestorm.mutations.builtin
    import flakestorm.reports.formats  # noqa: F401 - importing registers, as with those above


def _problem(index: int, name: str, message: str) -> InitErrorDetails:
    # Braces in a message would be read as a template, so the message goes in as a value.
    error = PydanticCustomError("plugin", "{message}", {"message": message})
    return InitErrorDetails(type=error, loc=(KEY, index), input=name)
