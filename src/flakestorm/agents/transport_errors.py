"""What can go wrong between flakestorm and an HTTP agent, as outcome errors: no aiohttp exception leaks."""

from __future__ import annotations

import asyncio
import errno
import ssl

import aiohttp
from aiohttp import http_exceptions

from flakestorm.agents.reply_path import NoReply
from flakestorm.agents.request_template import Unsendable
from flakestorm.model.outcome import ErrorKind, OutcomeError


class AnswerFailed(Exception):
    """An answer that is no reply, found while it was read; carries the finished error and the status."""

    def __init__(self, kind: ErrorKind, message: str, detail: str = "", status: int | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.error = OutcomeError(kind, message, detail)


TRANSPORT_ERRORS = (
    AnswerFailed,
    NoReply,
    Unsendable,
    aiohttp.ClientError,
    http_exceptions.HttpProcessingError,
    asyncio.TimeoutError,
    OSError,
    EOFError,
    UnicodeError,
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
    if isinstance(error, Unsendable | aiohttp.InvalidURL):
        return OutcomeError(ErrorKind.UNSENDABLE, str(error))
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return _tls(error.certificate_error)
    if isinstance(error, aiohttp.ClientSSLError):
        return _tls(error.os_error)
    if isinstance(error, ssl.SSLError):
        return _tls(error)
    if isinstance(error, aiohttp.ClientConnectorError):
        return _not_connected(error)
    if isinstance(error, UnicodeError):
        # The only text that is encoded on the way, the host name: IDNA has rules for its parts.
        return OutcomeError(ErrorKind.DNS, f"the host name cannot be looked up: {error}")
    return _broken_answer(error, came)


def _not_connected(error: aiohttp.ClientConnectorError) -> OutcomeError:
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return OutcomeError(ErrorKind.DNS, f"the host name '{error.host}' has no address: {_reason(error)}")
    where = f"{error.host}:{error.port}"
    limit = LOCAL_LIMITS.get(error.os_error.errno or 0)
    if limit:
        return OutcomeError(ErrorKind.REFUSED, f"could not connect to {where}: {limit}")
    return OutcomeError(ErrorKind.REFUSED, f"nothing accepts connections at {where}: {_reason(error)}")


def _tls(error: BaseException) -> OutcomeError:
    reason = getattr(error, "verify_message", "") or getattr(error, "reason", "") or str(error)
    return OutcomeError(ErrorKind.TLS, f"no secure connection: {reason}")


def _broken_answer(error: BaseException, came: str) -> OutcomeError:
    if isinstance(error.__cause__ or error, http_exceptions.ContentEncodingError):
        return OutcomeError(ErrorKind.BAD_REPLY, "the body is not compressed as its content-encoding says")
    if isinstance(error, aiohttp.ClientResponseError | http_exceptions.HttpProcessingError):
        return OutcomeError(ErrorKind.BAD_REPLY, "the answer is not valid HTTP", str(error.message))
    detail = "" if isinstance(error, aiohttp.ServerDisconnectedError) else str(error)
    return OutcomeError(ErrorKind.DISCONNECTED, f"the connection was lost before the reply{came}", detail)


def _reason(error: aiohttp.ClientConnectorError) -> str:
    return error.os_error.strerror or str(error.os_error)
