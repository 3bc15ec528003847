"""Chooses between the compiled extension and the pure Python twin of each of its functions, once per process.

Both give the same results, so nothing but speed depends on the choice. A module that has a twin asks
``extension()``, and calls its own Python where that is None.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from types import ModuleType

from flakestorm.version import __version__

NAME = "flakestorm_rust"
SWITCH = "FLAKESTORM_NO_NATIVE"
"""The environment variable that forces Python; empty and ``0`` do not."""


class UnusedExtension(UserWarning):
    """The extension is installed and cannot be used; everything works without it, only slower."""


@dataclass(frozen=True, slots=True)
class Choice:
    """The extension, or None for the Python twins, and why."""

    extension: ModuleType | None
    reason: str


def choose(environ: Mapping[str, str], load: Callable[[str], ModuleType]) -> Choice:
    """Decide by the switch, by what ``load`` (such as ``import_module``) finds, and by its version.

    An extension that is there and cannot be used is a warning, ``UnusedExtension``; none at all is not.
    """
    if environ.get(SWITCH, "0") not in ("", "0"):
        return Choice(None, f"{SWITCH} is set")
    try:
        extension = load(NAME)
    except ModuleNotFoundError:
        return Choice(None, f"{NAME} is not installed")
    except ImportError as error:
        return _unused(f"{NAME} does not load: {error}")
    version = getattr(extension, "__version__", "unknown")
    if version != __version__:
        return _unused(f"{NAME} is of version {version}, flakestorm of {__version__}")
    return Choice(extension, f"{NAME} {version}")


def _unused(reason: str) -> Choice:
    warnings.warn(
        f"{reason}. The Python twin is used instead, which gives the same results and is slower; "
        f"install the extension of version {__version__}, or uninstall it.",
        UnusedExtension,
        stacklevel=2,
    )
    return Choice(None, reason)


@cache
def choice() -> Choice:
    """What this process uses."""
    return choose(os.environ, import_module)


def extension() -> ModuleType | None:
    """The extension, or None where the Python twins are to be used."""
    return choice().extension
