"""How long an agent, or what it calls, asks to be left alone."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime

LONGEST_WAIT_S = 60.0
DEFAULT_WAIT_S = 1.0
"""How long to wait when an agent asks for less without saying how long."""

NUMBER = re.compile(r"\d{1,12}(\.\d{1,9})?")


def retry_after_s(headers: Mapping[str, str], now: float | None = None) -> float | None:
    """Seconds from ``retry-after-ms`` or ``retry-after`` (seconds, or an HTTP date), None without either.

    ``now`` is seconds since the epoch, for dates; a date that has passed gives 0. Nonsense gives None.
    """
    milliseconds = _number(headers.get("retry-after-ms", ""))
    if milliseconds is not None:
        return milliseconds / 1000
    text = headers.get("retry-after", "").strip()
    seconds = _number(text)
    return _until(text, time.time() if now is None else now) if seconds is None and text else seconds


def wait_s(asked_s: float | None) -> float:
    """How long an agent is left alone that asked for so many seconds, or did not say: at most a minute."""
    return min(DEFAULT_WAIT_S if asked_s is None else asked_s, LONGEST_WAIT_S)


def _number(text: str) -> float | None:
    return float(text) if NUMBER.fullmatch(text.strip()) else None


def _until(date: str, now: float) -> float | None:
    try:
        wait = parsedate_to_datetime(date).timestamp() - now
    except (ValueError, TypeError, OverflowError):
        return None
    return max(0.0, wait) if math.isfinite(wait) else None
