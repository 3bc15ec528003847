"""Installs the hooks in this process for the time of a run, and takes them out again."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from threading import Lock, current_thread, main_thread

from flakestorm.chaos.config import GatewayConfig
from flakestorm.chaos.inprocess.active import activate
from flakestorm.chaos.inprocess.aiohttp_hooks import hook_aiohttp
from flakestorm.chaos.inprocess.httpx_hooks import hook_httpx
from flakestorm.chaos.inprocess.langchain_hooks import hook_langchain
from flakestorm.chaos.inprocess.late_imports import LateImports
from flakestorm.chaos.inprocess.patches import Patches
from flakestorm.chaos.inprocess.reach import Reach
from flakestorm.chaos.inprocess.replacing import Replacing
from flakestorm.chaos.inprocess.thread_hooks import hook_threads
from flakestorm.chaos.inprocess.urllib3_hooks import hook_urllib3
from flakestorm.chaos.inprocess.watch import Watch
from flakestorm.chaos.recognition import ToolPlace
from flakestorm.chaos.traffic import Traffic

Hook = Callable[[Watch, Patches], None]


def _httpx(name: str, watch: Watch, patches: Patches) -> None:
    hook_httpx(import_module(name), watch, patches)


HOOKS: dict[str, Hook] = {
    "httpx": partial(_httpx, "httpx"),
    "httpx2": partial(_httpx, "httpx2"),
    "aiohttp": hook_aiohttp,
    "urllib3": hook_urllib3,
    "langchain_core.tools": hook_langchain,
}
"""Which module each hook is for. Those that are imported only later are hooked then."""


class _Installation:
    """The hooks that are in force in this process, for all who want them."""

    def __init__(self) -> None:
        self.watch = Watch()
        self._patches = Patches()
        self._late = LateImports({module: partial(self._hook, module) for module in HOOKS})
        hook_threads(self._patches)
        for module in HOOKS:
            if module in sys.modules:
                self._hook(module)
        self._late.watch()
        activate(self.watch)

    def remove(self) -> None:
        """Take everything out."""
        activate(None)
        self._late.ignore()
        self._patches.undo()

    def _hook(self, module: str) -> None:
        try:
            HOOKS[module](self.watch, self._patches)
        except (ImportError, AttributeError) as error:
            # A broken or very different version of a library that the agent may not even use.
            warnings.warn(f"faults do not reach {module}: {error}", RuntimeWarning, stacklevel=2)


_lock = Lock()
_installation: _Installation | None = None
_users = 0


@contextmanager
def installed(
    config: GatewayConfig | None = None,
    tools: Mapping[str, object] | None = None,
    tool_registry: Mapping[str, object] | None = None,
    strays: Callable[[], Traffic] | None = None,
) -> Iterator[Reach]:
    """While this is open, calls made in this process in the context of a trial pass through its faults.

    ``config`` says which URLs are tools. ``tools`` and ``tool_registry`` have what ``agent.tools`` and
    ``agent.tool_registry`` name, by reference. A call belongs to the trial whose ``Traffic`` is
    ``current_traffic``; without one, everything runs as ever, but in threads that have lost their trial it
    belongs to ``strays``. May be nested: the last one to leave takes the
    hooks out. Raises ``UsageError`` for a tool that is none.
    """
    watch = _enter()
    patches = Patches()
    places = places_of(config)
    added = set(places) - set(watch.places)
    replacing = Replacing(watch, patches)
    try:
        watch.places.update(places)
        if strays is not None and current_thread() is main_thread():
            # Elsewhere flakestorm's own calls would be taken for strays.
            watch.fallback = strays
        for reference, value in (tool_registry or {}).items():
            replacing.registry(reference, value)
        for reference, value in (tools or {}).items():
            replacing.tool(reference, value)
        watch.tools.update(places, replacing.found)
        yield Reach(watch)
    finally:
        patches.undo()
        watch.fallback = None
        for name in added:
            watch.places.pop(name, None)
        _leave()


def places_of(config: GatewayConfig | None) -> dict[str, ToolPlace]:
    """Where the tools of ``config`` are."""
    if config is None:
        return {}
    return {name: ToolPlace(tool.upstream, tool.names) for name, tool in config.tools.items()}


def _enter() -> Watch:
    global _installation, _users  # noqa: PLW0603 - hooks are of the process, and so is their count
    with _lock:
        if _installation is None:
            _installation = _Installation()
        _users += 1
        return _installation.watch


def _leave() -> None:
    global _installation, _users  # noqa: PLW0603 - as above
    with _lock:
        _users -= 1
        if _users == 0 and _installation is not None:
            _installation.remove()
            _installation = None
