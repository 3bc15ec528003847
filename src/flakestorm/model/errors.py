"""Every exception that flakestorm raises on purpose.

    FlakestormError                 exit code
    ├── UsageError                  2   the command line asks for something impossible
    │   └── ConfigError             2   flakestorm.yaml (or a file it names) is wrong
    ├── WorkError                   3   flakestorm could not do its work
    │   ├── AgentUnreachable        3   nothing answers where the agent should be
    │   ├── StoreError              3   the run cannot be read or written
    │   ├── LlmError                3   a language model gave no usable answer
    │   └── MissingExtra            3   an optional package is not installed
    └── PluginError                 2   a plugin does not fit the port that it registers for

A failed verdict or a finding is returned data and never an exception; an agent that answers 500 is an
``OutcomeError`` inside an ``Outcome``. What is raised here means: flakestorm or its surroundings broke.
"""

from __future__ import annotations

from flakestorm.model.chat import LlmErrorKind


class FlakestormError(Exception):
    """Base of all. ``exit_code`` is what the command line ends with; the message is shown as it is."""

    exit_code = 3


class UsageError(FlakestormError):
    """The command line, or a call of the Python interface, asks for something that cannot be."""

    exit_code = 2


class ConfigError(UsageError):
    """A configuration file is wrong; the message lists every problem with its file and line."""


class PluginError(UsageError):
    """A plugin was refused at registration: its name is taken, or it does not fit the port."""


class WorkError(FlakestormError):
    """flakestorm could not do its work, through no fault of the configuration."""


class AgentUnreachable(WorkError):
    """Nothing usable answers where the agent should be."""


class StoreError(WorkError):
    """A stored run cannot be read or written."""


class LlmError(WorkError):
    """A language model gave no usable answer.

    ``retry_after_s`` is how long it asks to be left alone; ``tokens`` is what the useless answer cost.
    """

    def __init__(
        self, kind: LlmErrorKind, message: str, retry_after_s: float | None = None, tokens: int = 0
    ) -> None:
        super().__init__(message)
        self.kind = kind
        self.retry_after_s = retry_after_s
        self.tokens = tokens


class MissingExtra(WorkError):
    """An optional package is needed and not installed; the message gives the exact install line."""

    def __init__(self, package: str, extra: str, purpose: str) -> None:
        super().__init__(
            f"{purpose} needs the package '{package}', which is not installed.\n"
            f"Install it with: pip install 'flakestorm[{extra}]'"
        )
