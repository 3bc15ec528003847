"""What ``flakestorm doctor`` looks at: this installation, the store, the configuration, the agent."""

from __future__ import annotations

import os
import platform
import socket
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from flakestorm.chaos.config import GatewayConfig
from flakestorm.core.verification import verify_setup
from flakestorm.model.errors import FlakestormError
from flakestorm.native import choice
from flakestorm.store.runs import RunFolder
from flakestorm.version import __version__

OPTIONAL = {
    "uvloop": ("fast", "a third more trials a second"),
    "langchain-core": ("langchain", "agents of type langchain"),
    "openai": ("openai", "language models behind OpenAI's API"),
    "anthropic": ("anthropic", "language models behind Anthropic's API"),
    "google-genai": ("google", "Gemini models"),
    "ollama": ("ollama", "language models that Ollama runs"),
    "sentence-transformers": ("semantic", "larger models for similarity"),
}

REMARKS = ("note", "unreachable")
"""Subjects of facts that are neither right nor wrong: perhaps it is meant so."""


@dataclass(frozen=True, slots=True)
class Check:
    """One line; ``state`` is ok, info (nothing wrong, nothing there) or bad."""

    state: str
    subject: str
    text: str


async def diagnose(config: Path) -> list[Check]:
    """All checks; none of them raises."""
    checks = [
        Check("ok", "flakestorm", f"{__version__}, Python {platform.python_version()} on {sys.platform}")
    ]
    checks += [_package(name, *about) for name, about in OPTIONAL.items()]
    checks.append(_extension())
    checks.append(_guarded("embedded model", _model))
    checks.append(_guarded("runs", _store))
    checks.append(port_check(GatewayConfig().port))
    checks += await _setup(config)
    return checks


def _package(name: str, extra: str, purpose: str) -> Check:
    try:
        return Check("ok", name, f"{version(name)}: {purpose}")
    except PackageNotFoundError:
        return Check("info", name, f"not installed; for {purpose}: pip install 'flakestorm[{extra}]'")


def _extension() -> Check:
    chosen = choice()
    if chosen.extension is not None:
        return Check("ok", "native extension", f"{chosen.reason} is in use")
    return Check("info", "native extension", f"not in use, Python is: {chosen.reason}")


def _guarded(subject: str, look: Callable[[], str]) -> Check:
    try:
        return Check("ok", subject, look())
    except (FlakestormError, OSError) as error:
        return Check("bad", subject, str(error))


def _model() -> str:
    from flakestorm.invariants.embedding import embed

    return f"loads, {embed(['hello']).shape[1]} dimensions"


def _store() -> str:
    folder = RunFolder()
    stored = f"{len(folder.ids())} in {folder.runs}"
    parent = next(path for path in (folder.runs, *folder.runs.absolute().parents) if path.exists())
    if not os.access(parent, os.W_OK):
        raise OSError(f"{parent} cannot be written; set FLAKESTORM_HOME to a folder that can")
    folder.new_path()
    return stored


def port_check(port: int) -> Check:
    """Where agents that flakestorm does not start find the gateway; others get a free port each time."""
    with socket.socket() as probe:
        # As the gateway does it: else a port of which a connection was closed a minute ago would seem taken.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            text = (
                f"port {port}: {error.strerror}; chaos with an agent that runs by itself needs it, or another"
            )
            return Check("info", "gateway", f"{text} chaos.gateway.port")
    return Check("ok", "gateway", f"port {port} is free, for chaos with an agent that runs by itself")


async def _setup(config: Path) -> list[Check]:
    if not os.path.exists(config):  # noqa: ASYNC240 - nothing else runs meanwhile
        return [Check("info", "configuration", f"there is no {config}; `flakestorm init` writes one")]
    try:
        verified = await verify_setup(config)
    except FlakestormError as error:
        return [Check("bad", "setup", str(error))]
    state = "bad" if verified.exit_code else "ok"
    return [Check("info" if subject in REMARKS else state, subject, text) for subject, text in verified.facts]
