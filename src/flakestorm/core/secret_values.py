"""Which values of the configuration are secrets, and under what names they may be written down."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from flakestorm.core.config_errors import KeyPath, Problem
from flakestorm.core.environment import Variable, escape
from flakestorm.model.redaction import SHORTEST

_SECRET_NAME = re.compile(
    r"key(?![a-z])|token|secret|passw|pwd|auth(?!or)|credential|cookie|session|signature|bearer|(^|_)pat($|_)",
    re.IGNORECASE,
)
_SCHEME = re.compile(r"(?i:bearer|basic|token|apikey)\s+")
HOSTED = ("openai", "anthropic", "google")
"""Providers that need a key."""
_CARRIERS = frozenset({"headers", "query_params", "env"})
_HARMLESS_HEADERS = frozenset(
    {
        "accept",
        "accept-encoding",
        "accept-language",
        "content-type",
        "host",
        "origin",
        "referer",
        "user-agent",
    }
)


@dataclass(frozen=True)
class Secrets:
    """``values`` maps each secret to the variable that holds it; ``places`` maps paths to safe texts."""

    values: dict[str, str] = field(default_factory=dict)
    places: dict[KeyPath, str] = field(default_factory=dict)

    @property
    def redactable(self) -> frozenset[str]:
        """The secrets that are long enough to be blotted out of any text."""
        return frozenset(value for value in self.values if len(value) >= SHORTEST)

    def conceal(self, text: str) -> str:
        """``text`` with each secret replaced by ``${NAME}``, and other references escaped."""
        text = escape(text)
        for value in sorted(self.redactable, key=len, reverse=True):
            text = text.replace(escape(value), f"${{{self.values[value]}}}")
        return text

    def concealed(self, data: Any, path: KeyPath = ()) -> Any:
        """Plain ``data`` of a whole configuration, without secrets."""
        if isinstance(data, dict):
            return {key: self.concealed(item, (*path, key)) for key, item in data.items()}
        if isinstance(data, list):
            return [self.concealed(item, (*path, index)) for index, item in enumerate(data)]
        if path in self.places and data is not None:
            return self.places[path]
        return self.conceal(data) if isinstance(data, str) else data

    def blot_out(self, message: str) -> str:
        """``message`` for people, without secrets."""
        return self.conceal(message).replace("$${", "${")


def find_secrets(raw: Any, expanded: Any, variables: Iterable[Variable]) -> Secrets:
    """The secrets of a configuration that was ``raw`` before its variables were expanded.

    A secret is what stands in ``api_key``, in a header or a query parameter or an ``env`` entry that came
    from a variable or whose name says so, what came from a variable with such a name, and a URL's password.
    """
    secrets = Secrets()
    read = list(variables)
    by_path: dict[KeyPath, list[Variable]] = {}
    for variable in read:
        by_path.setdefault(variable.path, []).append(variable)
        if _SECRET_NAME.search(variable.name):
            _remember(secrets, variable.value, variable.name)
    for path, text in _texts(expanded):
        used = by_path.get(path, [])
        if is_sensitive(path, bool(used)):
            name = re.sub(r"\W", "_", str(path[-1])).upper()
            secrets.places[path] = _text_at(raw, path) if used else f"${{{name}}}"
            for variable in used:
                _remember(secrets, variable.value, variable.name)
            if not used and "${" not in text:
                _remember(secrets, _SCHEME.sub("", text, count=1), name)
        elif "://" in text and path[0] not in ("golden_prompts", "invariants"):
            _remember(secrets, _password(text), "PASSWORD")
    return secrets


def is_sensitive(path: KeyPath, from_variable: bool = False) -> bool:
    """Whether the text at ``path`` is a secret by where it stands."""
    if not path or path[0] not in ("agent", "model"):
        return False
    name = str(path[-1]).lower()
    if name == "api_key":
        return True
    if len(path) < 2 or path[-2] not in _CARRIERS or name in _HARMLESS_HEADERS:
        return False
    return from_variable or _SECRET_NAME.search(name) is not None


def literal_keys(raw: Any) -> list[Problem]:
    """A problem for each ``api_key`` that is written into the file instead of taken from a variable."""
    found = []
    for section in ("model", "agent"):
        part = raw.get(section) if isinstance(raw, dict) else None
        key = part.get("api_key") if isinstance(part, dict) else None
        if key not in (None, "") and not re.fullmatch(r"\s*\$\{[A-Za-z_]\w*\}\s*", str(key)):
            provider = part.get("provider") if isinstance(part, dict) else None
            name = f"{provider.upper()}_API_KEY" if provider in HOSTED else "AGENT_API_KEY"
            message = (
                "a key must not be in the file. "
                f"Put it into the environment variable {name} and write: api_key: ${{{name}}}"
            )
            found.append(Problem(message, (section, "api_key"), secret=True))
    return found


def _remember(secrets: Secrets, value: str, name: str) -> None:
    if value.strip():
        secrets.values.setdefault(value, name)


def _texts(value: Any, path: KeyPath = ()) -> Iterator[tuple[KeyPath, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _texts(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _texts(item, (*path, index))


def _text_at(value: Any, path: KeyPath) -> str:
    for part in path:
        value = value[part]
    return str(value)


def _password(url: str) -> str:
    try:
        return urlsplit(url).password or ""
    except ValueError:
        return ""
