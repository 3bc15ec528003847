"""The console that commands print on: honest about colours, width and terminals."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

LOG_WIDTH = 120
"""Columns where there is no terminal: CI logs do not wrap at 80."""


def console(quiet: bool = False, plain: bool = False) -> Console:
    """A rich console. It heeds NO_COLOR, FORCE_COLOR, TERM=dumb, COLUMNS and CI logs."""
    from flakestorm.cli.piped_console import PipedConsole

    made = PipedConsole(
        quiet=quiet,
        highlight=False,
        markup=False,
        emoji=False,
        soft_wrap=False,
        force_terminal=False if plain else None,
    )
    if not made.is_terminal and "COLUMNS" not in os.environ:
        made.width = LOG_WIDTH
    return made
