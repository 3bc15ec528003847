"""Where the ``flakestorm`` program starts."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any


def __getattr__(name: str) -> Callable[..., Any]:
    """``app``, the program: made when it is asked for.

    ``flakestorm --version`` is what installers and CI images call most, and importing the command line
    library would take four fifths of its time, so it is answered without.
    """
    if name != "app":
        raise AttributeError(f"module 'flakestorm.cli.main' has no attribute '{name}'")
    if sys.argv[1:] == ["--version"]:
        return _print_version
    from flakestorm.cli.application import app

    return app


def _print_version(**_: object) -> None:
    from flakestorm.version import __version__

    try:
        print(f"flakestorm {__version__}", flush=True)  # noqa: T201 - stdout is the interface here
    except OSError as error:
        from flakestorm.cli.boundary import end_on

        end_on(error)
