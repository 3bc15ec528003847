"""Plain data as YAML that reads back the same, without secrets in it."""

from __future__ import annotations

import re
from typing import Any

import yaml

from flakestorm.core.secret_values import Secrets
from flakestorm.core.yaml_scalars import plain

WIDTH = 100


class _Dumper(yaml.SafeDumper):
    """PyYAML's, with text quoted wherever YAML 1.2 would read something else than text."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - the signature is PyYAML's
        """Write repeated values out: anchors that nobody wrote would only puzzle."""
        return True


_ODD_BREAK = re.compile("[\r\x85\u2028\u2029]")
"""Line breaks that YAML turns into plain ones unless they are escaped."""


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "'" if plain(text) != text else "|" if "\n" in text else None
    if _ODD_BREAK.search(text):
        style = '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _represent_text)


def yaml_text(data: dict[str, Any], secrets: Secrets) -> str:
    """``data`` (plain values) as YAML, with ``${VARIABLE}`` in place of each secret."""
    return literal_yaml(secrets.concealed(data))


def literal_yaml(data: dict[str, Any]) -> str:
    """``data`` as YAML for readers that replace no ``${VARIABLE}``."""
    return yaml.dump(data, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=WIDTH)
