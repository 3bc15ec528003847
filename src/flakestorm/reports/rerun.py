"""The command that runs a configuration again, as reports print it for people to paste."""

from __future__ import annotations

from shlex import quote

from flakestorm.model.run import RunInfo

DEFAULT_FILE = "flakestorm.yaml"
"""What `flakestorm run` reads when nothing is said."""


def rerun(info: RunInfo) -> str:
    """`flakestorm run`, with the configuration file of the run where it is not the usual one."""
    command = "flakestorm contract run" if info.strategy == "contract" else "flakestorm run"
    if info.config_path in ("", DEFAULT_FILE):
        return command
    return f"{command} -c {quote(info.config_path)}"
