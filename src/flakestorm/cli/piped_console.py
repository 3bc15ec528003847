"""A console whose reader may go: rich would end the program with the code that means "fell short"."""

from __future__ import annotations

from rich.console import Console

from flakestorm.cli.boundary import leave_pipe


class PipedConsole(Console):
    """rich's console, which ends the program quietly when nobody reads any more."""

    def on_broken_pipe(self) -> None:
        """Called by rich when writing raised ``BrokenPipeError``."""
        self.quiet = True
        leave_pipe()
