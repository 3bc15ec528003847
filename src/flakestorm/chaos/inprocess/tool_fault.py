"""What a disturbed Python tool raises.

    ToolFault                   base of all
    ├── ToolError               the tool answers with an error: ``status``, ``body``, ``headers``
    ├── ToolTimeout             also a TimeoutError
    ├── ToolRefused             also a ConnectionRefusedError
    └── ToolReset               also a ConnectionResetError

They stand for what the tool's own client would raise, and agents should handle them as they handle that: by
the built-in class, or as any exception of a tool.
"""

from __future__ import annotations

from collections.abc import Mapping


class ToolFault(Exception):
    """A tool failed. The message is what an agent might pass on to its model."""


class ToolError(ToolFault):
    """The tool answered with an error.

    ``status``, ``body`` and ``headers`` (lower-case names) are those of the HTTP answer that it stands for.
    """

    def __init__(
        self, message: str, status: int = 500, body: str = "", headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.body = body
        self.headers = dict(headers or {})


class ToolTimeout(ToolFault, TimeoutError):
    """The tool did not answer in time."""


class ToolRefused(ToolFault, ConnectionRefusedError):
    """The tool cannot be reached."""


class ToolReset(ToolFault, ConnectionResetError):
    """The connection to the tool broke."""
