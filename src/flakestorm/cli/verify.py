"""``flakestorm verify``: is the configuration right, and does the agent answer?"""

from __future__ import annotations

from typing import Annotated

import typer

from flakestorm.cli.boundary import bounded
from flakestorm.cli.options import DEFAULT_CONFIG, ConfigOption, QuietOption


@bounded
def verify(
    config: ConfigOption = DEFAULT_CONFIG,
    config_only: Annotated[
        bool, typer.Option("--config-only", help="Check the configuration alone; the agent is not asked.")
    ] = False,
    quiet: QuietOption = False,
) -> int:
    """Check the configuration, and ask the agent one question."""
    from flakestorm.cli.consoles import console
    from flakestorm.core.verification import verify_setup
    from flakestorm.loop import run_async
    from flakestorm.reports.visible import visible

    out = console(quiet)
    if config_only:
        from flakestorm.core.config import load_config

        loaded = load_config(config)
        out.print(f"{'configuration':<14} {visible(str(config), 400)} (digest {loaded.digest})")
        return 0
    report = run_async(verify_setup(config))
    for subject, text in report.facts:
        out.print(f"{subject:<14} {visible(text, 400)}")
    return report.exit_code


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command()(verify)
