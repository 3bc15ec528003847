"""flakestorm, the Agent Reliability Engine: how does this agent break, and how sure are we?

Names are imported when they are first used, so that ``import flakestorm`` and ``flakestorm --version``
cost almost nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flakestorm.version import __version__

if TYPE_CHECKING:
    from flakestorm.chaos.inprocess.tool import tool
    from flakestorm.chaos.inprocess.tool_fault import ToolError, ToolFault
    from flakestorm.core.config import FlakeStormConfig, load_config
    from flakestorm.core.runner import FlakeStormRunner
    from flakestorm.model.mutation_type import MutationType

__all__ = [
    "FlakeStormConfig",
    "FlakeStormRunner",
    "MutationType",
    "ToolError",
    "ToolFault",
    "__version__",
    "load_config",
    "tool",
]

_HOMES = {
    "FlakeStormConfig": "flakestorm.core.config",
    "load_config": "flakestorm.core.config",
    "FlakeStormRunner": "flakestorm.core.runner",
    "MutationType": "flakestorm.model.mutation_type",
    "ToolError": "flakestorm.chaos.inprocess.tool_fault",
    "ToolFault": "flakestorm.chaos.inprocess.tool_fault",
    "tool": "flakestorm.chaos.inprocess.tool",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'flakestorm' has no attribute '{name}'")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
