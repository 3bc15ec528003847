"""What can go wrong between flakestorm and an HTTP agent, as outcome errors: no exception leaks."""

from __future__ import annotations

import asyncio
import errno
import ssl

from flakestorm.agents.reply_path import NoReply
from flakestorm.agents.request_template import Unsendable
from flakestorm.model.outcome import ErrorKind, OutcomeError


class AnswerFailed(Exception):
    """An answer that is no reply, found while it was read; carries the finished error and the status."""

    def __init__(self, kind: ErrorKind, message: str, detail: str = "", status: int | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.error = OutcomeError(kind, message, detail)


class NotConnected(AnswerFailed):
    """No connection could be made, so that nothing was sent."""


class ConnectionLost(ConnectionError):
    """The connection ended before the answer did; the text says why, where the system knows."""


class NotHttp(Exception):
    """What came is no HTTP; the text says why."""


TRANSPORT_ERRORS = (
    AnswerFailed,
    NoReply,
    Unsendable,
    NotHttp,
    asyncio.TimeoutError,
    OSError,
)
"""All that sending a request and reading its answer raises because of the other side or of the prompt."""

LOCAL_LIMITS = {
    errno.EMFILE: "this process has too many open files; raise 'ulimit -n' or lower advanced.concurrency",
    errno.ENFILE: "this machine has too many open files; lower advanced.concurrency",
    errno.EADDRNOTAVAIL: "this machine has no free port left; lower advanced.concurrency",
}


def outcome_error(error: BaseException, timeout_ms: int, came: str = "") -> OutcomeError:
    """``error`` as data. ``came`` says what had arrived before it, for the message."""
    if isinstance(error, AnswerFailed):
        return error.error
    if isinstance(error, NoReply):
        return OutcomeError(ErrorKind.BAD_REPLY, str(error))
    if isinstance(error, asyncio.TimeoutError):
        return OutcomeError(ErrorKind.TIMEOUT, f"no complete reply within {timeout_ms:,} ms{came}")
    if isinstance(error, Unsendable):
        return OutcomeError(ErrorKind.UNSENDABLE, str(error))
    if isinstance(error, NotHttp):
        return OutcomeError(ErrorKind.BAD_REPLY, "the answer is not valid HTTP", str(error))
    if isinstance(error, ssl.SSLError):
        return OutcomeError(ErrorKind.TLS, f"no secure connection: {tls_reason(error)}")
    return OutcomeError(ErrorKind.DISCONNECTED, f"the connection was lost before the reply{came}", str(error))


def tls_reason(error: ssl.SSLError) -> str:
    """Why a secure connection failed, in the words of the TLS library."""
    return getattr(error, "verify_message", "") or getattr(error, "reason", "") or str(error)
