"""What a planted agent knows of a call that failed, whatever client made it."""

from __future__ import annotations

from collections.abc import Mapping

PERMANENT = frozenset({400, 401, 402, 403, 404})
"""Statuses after which the same request fails again."""
NO_USE = "insufficient_quota"


class CallFailed(Exception):
    """A model or a tool gave no good answer. The message is the other side's own text."""

    def __init__(self, text: str, status: int = 0, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(text)
        self.status = status
        wait = (headers or {}).get("retry-after", "")
        self.wait_s = float(wait) if wait.replace(".", "", 1).isdecimal() else None

    @property
    def is_permanent(self) -> bool:
        """Whether it is no use to ask again."""
        return self.status in PERMANENT or NO_USE in str(self)
