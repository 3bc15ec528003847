"""An error that is made up in a provider's words: what it says, whoever writes it down."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from flakestorm.chaos.effect import Answer
from flakestorm.chaos.request import CallRequest

DEFAULT_WAIT_S = 2.0
"""What a rate limit asks for when the configuration does not say."""

KIND_OF_STATUS = {
    401: "auth_error",
    403: "auth_error",
    404: "not_found",
    429: "rate_limit",
    503: "overloaded",
    529: "overloaded",
}
"""Statuses that mean the same as a mode; others are told by their number alone."""

REASONS = {
    400: "the request could not be understood",
    402: "the account has to be topped up",
    408: "the request did not arrive in time",
    409: "the request is in conflict with another one",
    413: "the request is larger than this server accepts",
    422: "the request is well-formed, but cannot be processed",
    500: "the server had an error while processing the request",
    502: "the server behind this one gave no valid answer",
    503: "the service is overloaded or not ready at the moment",
    504: "the server behind this one did not answer in time",
    529: "the service is overloaded at the moment",
}


@dataclass(frozen=True, slots=True)
class Failure:
    """``mode`` is the configuration's word. ``probe`` stands in the request id that the error names.

    ``retry_after`` is the value of that header, None to leave it out, and "" for the usual one.
    """

    mode: str
    request: CallRequest
    probe: str
    now: datetime
    status: int | None = None
    retry_after: str | None = ""
    retry_after_ms: int | None = None

    @property
    def request_id(self) -> str:
        """The id by which the provider would find the request in its logs."""
        return f"req_{self.probe}"

    @property
    def wait_s(self) -> float:
        """How long a caller should wait: what is configured, as seconds from now."""
        if self.retry_after:
            try:
                return max(0.0, float(self.retry_after))
            except ValueError:
                return self._until(self.retry_after)
        return DEFAULT_WAIT_S if self.retry_after_ms is None else self.retry_after_ms / 1000

    @property
    def available_again(self) -> datetime:
        """When the limit is lifted."""
        return self.now + timedelta(seconds=min(self.wait_s, 10**8))

    def retry_headers(self) -> tuple[tuple[str, str], ...]:
        """``retry-after`` and ``retry-after-ms`` as configured."""
        usual = str(math.ceil(self.wait_s))
        headers = [] if self.retry_after is None else [("retry-after", self.retry_after or usual)]
        if self.retry_after_ms is not None:
            headers.append(("retry-after-ms", str(self.retry_after_ms)))
        return tuple(headers)

    def reason(self, status: int) -> str:
        """A sentence for ``status``, without its full stop."""
        why = REASONS.get(status, f"the request ended with status {status}")
        return why[0].upper() + why[1:]

    def _until(self, date: str) -> float:
        try:
            return max(0.0, (parsedate_to_datetime(date) - self.now).total_seconds())
        except (ValueError, TypeError):
            return DEFAULT_WAIT_S


def json_answer(
    status: int, value: Any, headers: tuple[tuple[str, str], ...] = (), kind: str = "application/json"
) -> Answer:
    """An answer with ``value`` as its JSON body."""
    return Answer(status, (("content-type", kind), *headers), json_bytes(value))


def json_bytes(value: Any) -> bytes:
    """Compact JSON in ASCII: half a surrogate pair, as streams have it, cannot be written otherwise."""
    return json.dumps(value, separators=(",", ":")).encode("ascii")


def duration(seconds: float) -> str:
    """A time span as OpenAI's headers write it: ``20ms``, ``1.5s``, ``6m0s``, ``2h0m0s``."""
    if seconds < 1:
        return f"{round(seconds * 1000)}ms"
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(int(minutes), 60)
    last = f"{rest:.3f}".rstrip("0").rstrip(".") + "s"
    if hours:
        return f"{hours}h{minutes}m{last}"
    return f"{minutes}m{last}" if minutes else last
