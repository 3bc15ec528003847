"""``flakestorm doctor``: what is installed, reachable and misconfigured."""

from __future__ import annotations

from pathlib import Path

import typer

from flakestorm.cli.boundary import bounded
from flakestorm.cli.options import DEFAULT_CONFIG, ConfigOption


@bounded
def doctor(config: ConfigOption = DEFAULT_CONFIG) -> int:
    """Say what is installed and what is wrong, and how to mend it."""
    from rich.text import Text

    from flakestorm.cli.consoles import console
    from flakestorm.core.diagnosis import diagnose
    from flakestorm.loop import run_async
    from flakestorm.reports.visible import visible

    out = console()
    marks = {"ok": ("ok     ", "green"), "info": ("       ", "dim"), "bad": ("problem", "bold red")}
    checks = run_async(diagnose(Path(config)))
    for check in checks:
        out.print(Text.assemble(marks[check.state], f"  {check.subject:<22}", visible(check.text, 400)))
    return 3 if any(check.state == "bad" for check in checks) else 0


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command()(doctor)
