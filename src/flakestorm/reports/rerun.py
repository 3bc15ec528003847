"""The command that runs a configuration again, as reports print it for people to paste."""

from __future__ import annotations

from shlex import quote

from flakestorm.model.run import RunInfo

DEFAULT_FILE = "flakestorm.yaml"
"""What `flakestorm run` reads when nothing is said."""


def rerun(info: RunInfo) -> str:
    """`flakestorm run`, with the configuration file of the run where it is not the usual one."""
    return _command("contract run" if info.strategy == "contract" else "run", info)


def repeated(info: RunInfo) -> str:
    """The command that does all of the run again."""
    return _command("explore", info) if info.is_exploration else rerun(info)


def _command(name: str, info: RunInfo) -> str:
    if info.config_path in ("", DEFAULT_FILE):
        return f"flakestorm {name}"
    return f"flakestorm {name} -c {quote(info.config_path)}"
