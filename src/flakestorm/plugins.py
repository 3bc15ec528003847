"""A registry: the named plugins of one capability, from decorators and from installed packages."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from functools import cache
from importlib.metadata import entry_points
from typing import Any, Generic, TypeVar

from flakestorm.model.errors import PluginError, UsageError
from flakestorm.model.nearest import did_you_mean

T = TypeVar("T")


class BrokenPlugin(UserWarning):
    """An installed plugin could not be loaded; everything else goes on without it."""


class Registry(Generic[T]):
    """Name → plugin for one capability.

    ``what`` is the capability's noun for messages ("invariant"), ``group`` the entry-point group that
    packages use. ``check`` raises ``PluginError`` for a plugin that does not fit the port.
    """

    def __init__(self, what: str, group: str, check: Callable[[str, T], None]) -> None:
        self.what = what
        self.group = group
        self._check = check
        self._plugins: dict[str, T] = {}
        self._origins: dict[str, str] = {}
        self._loaded = False

    def add(self, name: str, plugin: T, origin: str) -> None:
        """Register ``plugin``. Raises ``PluginError`` when the name is taken or the plugin does not fit."""
        if name in self._plugins:
            raise PluginError(f"{self.what} '{name}' is defined twice: {_twice(self._origins[name], origin)}")
        self._check(name, plugin)
        self._plugins[name] = plugin
        self._origins[name] = origin

    def get(self, name: str) -> T:
        """The plugin called ``name``. Raises ``UsageError`` with the nearest name when there is none."""
        self._load_packages()
        try:
            return self._plugins[name]
        except KeyError:
            known = sorted(self._plugins)
            raise UsageError(
                f"unknown {self.what} '{name}'{did_you_mean(name, known)} Known: {', '.join(known)}"
            ) from None

    def __contains__(self, name: object) -> bool:
        self._load_packages()
        return name in self._plugins

    def __iter__(self) -> Iterator[str]:
        self._load_packages()
        return iter(list(self._plugins))

    def items(self) -> list[tuple[str, T]]:
        """All (name, plugin) pairs in the order of registration."""
        self._load_packages()
        return list(self._plugins.items())

    def _load_packages(self) -> None:
        # Reading entry points takes milliseconds, so it waits until somebody looks a name up.
        if self._loaded:
            return
        self._loaded = True
        for entry in _installed().select(group=self.group):
            try:
                # Importing the module is enough: its decorators register.
                entry.load()
            except Exception as error:  # noqa: BLE001 - a foreign package may raise anything; the run goes on
                warnings.warn(
                    f"{self.what} plugin '{entry.name}' ({entry.value}) was left out: {error}",
                    BrokenPlugin,
                    stacklevel=2,
                )


@cache
def _installed() -> Any:
    """The entry points of all packages. To find them the metadata of each is read, which takes a while."""
    return entry_points()


def _twice(first: str, second: str) -> str:
    if first != second:
        return f"in {first} and in {second}. Rename one of them."
    # What a module registered before it failed stays, and a second try finds the name taken.
    return f"in {first}. Rename one of them; after a module that failed was mended, start Python anew."
