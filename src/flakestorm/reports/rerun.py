"""The command that runs a configuration again, as reports print it for people to paste."""

from __future__ import annotations

from shlex import quote

from flakestorm.model.reliability import Surface
from flakestorm.model.replay import session_of
from flakestorm.model.run import RunInfo

DEFAULT_FILE = "flakestorm.yaml"
"""What `flakestorm run` reads when nothing is said."""

_NAMES = {"contract": "contract run", "replay": "replay run", "ci": "ci"}
"""Strategy → the command, where it is not `flakestorm run`."""


def rerun(info: RunInfo, scenario: str = "") -> str:
    """`flakestorm run`, with the configuration file of the run where it is not the usual one.

    For a trial in ``scenario`` it may be another command, because not every one replays sessions.
    """
    name = _NAMES.get(info.strategy, "run")
    if name == "run" and session_of(scenario) is not None:
        name = "replay run"
    return _command(name, info)


def repeated(info: RunInfo, surface: Surface | None = None) -> str:
    """The command that does all of the run again; a ``surface`` is measured at the same points."""
    if surface is not None:
        grid = surface.grid
        lists = (("--k", grid.ks), ("--epsilon", grid.intensities), ("--lambda", grid.rates))
        points = " ".join(
            f"{option} {','.join(f'{value:g}' for value in values)}" for option, values in lists
        )
        return f"{_command('reliability', info)} {points} --repeats {grid.repeats}"
    return _command("explore", info) if info.is_exploration else rerun(info)


def _command(name: str, info: RunInfo) -> str:
    what = f"{name} {quote(info.sessions)}" if info.sessions else name
    if info.config_path in ("", DEFAULT_FILE):
        return f"flakestorm {what}"
    return f"flakestorm {what} -c {quote(info.config_path)}"
