"""Hooks come and go without a trace, also nested, late, and when something is wrong."""

from __future__ import annotations

import importlib
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import aiohttp
import httpx
import httpx2
import pytest
import urllib3
from langchain_core.tools import BaseTool

from flakestorm.chaos.config import GatewayConfig
from flakestorm.chaos.inprocess import installed as installation
from flakestorm.chaos.inprocess.installed import installed, places_of
from flakestorm.chaos.inprocess.patches import Patches
from flakestorm.chaos.recognition import ToolPlace
from flakestorm.model.errors import UsageError

HOOKED = [
    (httpx.HTTPTransport, "handle_request"),
    (httpx.AsyncHTTPTransport, "handle_async_request"),
    (httpx2.HTTPTransport, "handle_request"),
    (httpx2.AsyncHTTPTransport, "handle_async_request"),
    (aiohttp.ClientSession, "_request"),
    (urllib3.HTTPConnectionPool, "_make_request"),
    (BaseTool, "run"),
    (BaseTool, "arun"),
    (ThreadPoolExecutor, "submit"),
]


def _now() -> list[object]:
    return [*(vars(owner)[name] for owner, name in HOOKED), *sys.meta_path]


def test_everything_is_put_back() -> None:
    """All places are hooked while it is open, and afterwards exactly as before."""
    before = _now()
    with installed():
        hooked = [vars(owner)[name] for owner, name in HOOKED]
        assert all(now is not then for now, then in zip(hooked, before, strict=False))
    assert _now() == before


def test_nested_installations_are_counted() -> None:
    """The last one to leave takes the hooks out, whatever the order; the inner one adds its tools."""
    before = _now()
    outer, inner = (
        installed(),
        installed(GatewayConfig.model_validate({"tools": {"shop": {"url": "http://x"}}})),
    )
    outer.__enter__()
    hooked = _now()
    reach = inner.__enter__()
    assert _now() == hooked
    assert "shop" in reach.tools
    outer.__exit__(None, None, None)
    assert _now() == hooked
    inner.__exit__(None, None, None)
    assert _now() == before


def test_error_takes_everything_out() -> None:
    """Both a wrong tool and an exception in the run."""
    before = _now()
    with pytest.raises(UsageError), installed(tools={"m:x": 3}):
        pass
    assert _now() == before
    with pytest.raises(KeyError), installed():
        raise KeyError
    assert _now() == before


def test_what_others_have_hooked_stays() -> None:
    """A tracer that wraps our hook during the run stays in place."""
    original = httpx.HTTPTransport.handle_request

    def tracer(self: httpx.HTTPTransport, request: httpx.Request) -> httpx.Response:
        return original(self, request)

    try:
        with installed():
            httpx.HTTPTransport.handle_request = tracer  # type: ignore[method-assign]
        assert httpx.HTTPTransport.handle_request is tracer
    finally:
        httpx.HTTPTransport.handle_request = original  # type: ignore[method-assign]


def test_inherited_attribute_is_inherited_again() -> None:
    """What was not the owner's own is removed, not set."""

    class Base:
        value = 1

    class Narrow(Base):
        pass

    patches = Patches()
    patches.attribute(Narrow, "value", 2)
    assert Narrow.value == 2
    patches.undo()
    assert (Narrow.value, "value" in vars(Narrow)) == (1, False)


def test_late_import_is_hooked(tmp_path: Any, monkeypatch: Any) -> None:
    """A library that is imported during the run is hooked then, and unhooked at the end."""
    (tmp_path / "late_library.py").write_text("def call():\n    return 1\n")
    monkeypatch.syspath_prepend(tmp_path)

    def hook(_watch: Any, patches: Patches) -> None:
        patches.attribute(sys.modules["late_library"], "call", lambda: 2)

    monkeypatch.setitem(installation.HOOKS, "late_library", hook)
    try:
        with installed():
            late = importlib.import_module("late_library")
            assert late.call() == 2
            assert type(late.__loader__).__name__ == "SourceFileLoader"
            assert late.__spec__ is not None
            assert late.__spec__.loader is late.__loader__
            with pytest.raises(ModuleNotFoundError):
                importlib.import_module("late_library.missing")
        assert late.call() == 1
    finally:
        sys.modules.pop("late_library", None)


def test_library_that_does_not_fit_is_left_out(monkeypatch: Any) -> None:
    """A broken version is a warning; everything else goes on."""

    def hook(_watch: Any, _patches: Patches) -> None:
        raise AttributeError("no such class")

    monkeypatch.setitem(installation.HOOKS, "json", hook)
    with pytest.warns(RuntimeWarning, match="faults do not reach json: no such class"), installed() as reach:
        assert reach.seen == {}


def test_missing_library_is_missing(monkeypatch: Any) -> None:
    """Watching for a module that is not installed does not bring it about."""
    monkeypatch.setitem(installation.HOOKS, "no_such_library", lambda *_: None)
    with installed(), pytest.raises(ModuleNotFoundError):
        importlib.import_module("no_such_library")


def test_nothing_is_imported() -> None:
    """Neither importing nor installing imports a client library."""
    code = (
        "import sys, flakestorm; flakestorm.tool; flakestorm.ToolError\n"
        "from flakestorm.chaos.inprocess.installed import installed\n"
        "with installed(): pass\n"
        "names = {'httpx', 'httpx2', 'aiohttp', 'urllib3', 'requests', 'langchain_core'}\n"
        "print(sorted(names & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "[]"


def test_places() -> None:
    """The tools of the configuration, with their names."""
    config = GatewayConfig.model_validate(
        {"tools": {"shop": {"url": "http://x/a", "names": {"order": "/o/*"}}}}
    )
    assert places_of(config) == {"shop": ToolPlace("http://x/a", {"order": "/o/*"})}
    assert places_of(None) == {}
