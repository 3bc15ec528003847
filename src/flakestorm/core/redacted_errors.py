"""Errors that quote the agent (its last lines, a traceback) without the secrets that these may show."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from flakestorm.model.errors import FlakestormError


@contextmanager
def redacted_errors(redact: Callable[[str], str]) -> Iterator[None]:
    """Pass errors of ours on, with ``redact`` applied to their message."""
    try:
        yield
    except FlakestormError as error:
        error.args = (redact(str(error)),)
        # The causes are what the message was made of.
        raise error from None
