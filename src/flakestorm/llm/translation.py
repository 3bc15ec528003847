"""The one place where exceptions of SDKs and their HTTP clients become ``LlmError``.

It looks at what these exceptions have in common (a status, a response, their names) and imports none of the
packages, so that it works for every version and for those that are not installed.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from email.utils import parsedate_to_datetime
from typing import Any

from flakestorm.model.chat import LlmErrorKind
from flakestorm.model.errors import FlakestormError, LlmError

LONGEST_MESSAGE = 300

_BY_STATUS = {
    401: LlmErrorKind.AUTH,
    403: LlmErrorKind.AUTH,
    408: LlmErrorKind.TIMEOUT,
    429: LlmErrorKind.RATE_LIMIT,
    504: LlmErrorKind.TIMEOUT,
}
_OUT_OF_MONEY = ("insufficient_quota", "billing_not_active")
"""OpenAI's codes of a 429 that waiting does not cure."""
_LOST = re.compile(r"Connect|Transport|Payload|ClientError")
"""In the names of exceptions about a connection: of httpx, httpx2, aiohttp and the SDKs."""
_NUMBER = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)s?")


@contextmanager
def translated(provider: str, model: str) -> Iterator[None]:
    """Turn whatever an SDK raises into ``LlmError``; exceptions of ours pass."""
    try:
        yield
    except FlakestormError:
        raise
    except Exception as error:  # the SDKs and what is below them share no base class
        kind = _kind(error)
        said = " ".join(str(error).split()) or type(error).__name__
        message = f"{provider} ({model}): {kind}: {said[:LONGEST_MESSAGE]}"
        raise LlmError(kind, message, _retry_after_s(error)) from error


def _kind(error: Exception) -> LlmErrorKind:
    status = _status(error)
    if status is not None and status >= 400:
        if getattr(error, "code", None) in _OUT_OF_MONEY:
            return LlmErrorKind.REFUSED
        return _BY_STATUS.get(status, LlmErrorKind.UNAVAILABLE if status >= 500 else LlmErrorKind.REFUSED)
    names = " ".join(cls.__name__ for cls in type(error).__mro__)
    if "Timeout" in names:
        return LlmErrorKind.TIMEOUT
    if isinstance(error, OSError) or _LOST.search(names):
        return LlmErrorKind.UNAVAILABLE
    return LlmErrorKind.BAD_REPLY


def _status(error: Exception) -> int | None:
    # Most call it status_code; Google's SDK calls it code, which is a word elsewhere.
    for name in ("status_code", "code"):
        value = getattr(error, name, None)
        if isinstance(value, int):
            return value
    return None


def _retry_after_s(error: Exception) -> float | None:
    """What a header, or the body of Google's errors, asks for; seconds."""
    # Ollama's SDK drops the response, but Python remembers the exception that it replaced.
    for source in (error, error.__context__):
        headers = getattr(getattr(source, "response", None), "headers", None)
        if isinstance(headers, Mapping) and (text := headers.get("retry-after")):
            return _seconds(str(text).strip())
    return next(iter(_retry_delays(getattr(error, "details", None))), None)


def _seconds(text: str) -> float | None:
    match = _NUMBER.fullmatch(text)
    if match:
        return float(match[1])
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
    except (ValueError, TypeError, OverflowError):
        return None


def _retry_delays(body: Any) -> Iterator[float]:
    """Every ``retryDelay: "23s"`` in the ``error.details`` of a Google API error."""
    error = body.get("error") if isinstance(body, dict) else None
    details = error.get("details") if isinstance(error, dict) else None
    for detail in details if isinstance(details, list) else ():
        match = _NUMBER.fullmatch(str(detail.get("retryDelay"))) if isinstance(detail, dict) else None
        if match:
            yield float(match[1])
