"""Finds profiles: those that come with flakestorm by name, the user's own by path."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import ValidationError

from flakestorm.chaos.config import ContextAttack, LlmFault, Scenario, ToolFault
from flakestorm.model.errors import ConfigError, UsageError
from flakestorm.model.nearest import did_you_mean

ENDINGS = (".yaml", ".yml")
LARGEST = 1_000_000
"""Bytes of a profile; whatever is larger was named by mistake."""

_FOLDER = Path(__file__).parent
_KEYS = tuple(
    dict.fromkeys(
        key for model in (Scenario, ToolFault, LlmFault, ContextAttack) for key in model.model_fields
    )
)


def profile_names() -> tuple[str, ...]:
    """The names of the profiles that come with flakestorm, in alphabetical order."""
    return tuple(sorted(path.stem for path in _FOLDER.glob("*.yaml")))


def load_profile(name: str) -> Scenario:
    """The profile called ``name``, or the one in the YAML file of that path.

    A file without the key ``name`` is called as the file is. Raises ``UsageError`` with the nearest name for
    an unknown one, and ``ConfigError`` for a file that is broken.
    """
    if name in profile_names():
        return _loaded(_FOLDER / f"{name}.yaml", name)
    path = Path(name)
    if path.suffix in ENDINGS or path.name != name:
        return _loaded(path, path.stem)
    known = profile_names()
    near = did_you_mean(name, known) or "."
    raise UsageError(
        f"unknown chaos profile '{name}'{near} Known: {', '.join(known)}. "
        "Your own profile is named by its path, such as ./outage.yaml; 'flakestorm faults' explains them all."
    )


def _loaded(path: Path, name: str) -> Scenario:
    value = _read(path)
    if not isinstance(value, dict):
        raise ConfigError(
            f"{path}: a profile is a mapping with the keys description, tool_faults, llm_faults and "
            f"context_attacks, this is {'empty' if value is None else f'a {type(value).__name__}'}."
        )
    try:
        scenario = Scenario.model_validate({"name": name, **value})
    except ValidationError as error:
        lines = [f"{path}: {_place(problem['loc'])}: {_text(problem)}" for problem in error.errors()]
        raise ConfigError("\n".join(lines)) from None
    if not scenario.disturbed:
        raise ConfigError(f"{path}: the profile has no fault; 'flakestorm faults' lists what there is.")
    return scenario


def _read(path: Path) -> Any:
    import yaml

    try:
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
    except (OSError, ValueError) as error:
        # ValueError: a NUL in the name.
        reason = getattr(error, "strerror", None) or error
        raise ConfigError(f"the profile {str(path)!r} cannot be read: {reason}") from None
    if len(data) > LARGEST:
        raise ConfigError(f"{path} has more than {LARGEST:,} bytes, so it is hardly a profile.")
    try:
        return yaml.safe_load(data.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise ConfigError(f"{path} is not UTF-8; save the file as UTF-8.") from None
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        place = f":{mark.line + 1}" if mark else ""
        raise ConfigError(f"{path}{place}: not YAML: {getattr(error, 'problem', None) or error}") from None


def _place(location: tuple[int | str, ...]) -> str:
    """``llm_faults[0].mode``."""
    parts = [f"[{part}]" if isinstance(part, int) else f".{part}" for part in location]
    return "".join(parts).lstrip(".") or "the profile"


def _text(problem: Any) -> str:
    if problem["type"] == "extra_forbidden":
        key = str(problem["loc"][-1])
        near = did_you_mean(key, _KEYS)
        return f"unknown key '{key}'{near or ', it means nothing here'}"
    text = str(problem["msg"]).removeprefix("Value error, ")
    seen = problem.get("input")
    return f"{text} (found {seen!r})" if isinstance(seen, (str, int, float)) else text
