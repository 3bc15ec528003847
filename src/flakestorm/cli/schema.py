"""``flakestorm schema``: the JSON Schemas, for editors and for programs that read reports."""

from __future__ import annotations

from enum import Enum
from typing import Annotated

import typer

from flakestorm.cli.boundary import bounded
from flakestorm.cli.options import PluginsOption, load_plugins


class Which(str, Enum):
    """The schemas that there are."""

    CONFIG = "config"
    REPORT = "report"


@bounded
def schema(
    which: Annotated[Which, typer.Argument(help="Of the configuration, or of the JSON report.")],
    config: PluginsOption = None,
) -> None:
    """Print a JSON Schema."""
    import json

    load_plugins(config)
    if which is Which.CONFIG:
        from flakestorm.core.config_schema import json_schema as made
    else:
        from flakestorm.reports.schema import report_schema as made
    typer.echo(json.dumps(made(), indent=2, ensure_ascii=False))


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command()(schema)
