"""Every exception of the transport has its error kind: here those that sockets do not give on demand."""

from __future__ import annotations

import asyncio
import errno
import ssl
from typing import Any

import aiohttp
import pytest
from aiohttp import http_exceptions
from aiohttp.client_reqrep import ConnectionKey

from flakestorm.agents.transport_errors import TRANSPORT_ERRORS, outcome_error
from flakestorm.model.outcome import ErrorKind

KEY: Any = ConnectionKey("agent.test", 8000, True, True, None, None, None)


def certificate_error() -> ssl.SSLCertVerificationError:
    """What Python's ssl raises for a certificate of another host."""
    error = ssl.SSLCertVerificationError(1, "certificate verify failed")
    error.verify_message = "Hostname mismatch"
    return error


@pytest.mark.parametrize(
    ("error", "kind", "message"),
    [
        (asyncio.TimeoutError(), ErrorKind.TIMEOUT, "no complete reply within 1,500 ms (so far)"),
        (
            aiohttp.ServerTimeoutError(),
            ErrorKind.TIMEOUT,
            "no complete reply within 1,500 ms (so far)",
        ),
        (
            aiohttp.ClientConnectorDNSError(KEY, OSError(-2, "Name or service not known")),
            ErrorKind.DNS,
            "the host name 'agent.test' has no address: Name or service not known",
        ),
        (
            aiohttp.ClientConnectorError(KEY, OSError(errno.EHOSTUNREACH, "No route to host")),
            ErrorKind.REFUSED,
            "nothing accepts connections at agent.test:8000: No route to host",
        ),
        (
            aiohttp.ClientConnectorError(KEY, OSError(errno.EMFILE, "Too many open files")),
            ErrorKind.REFUSED,
            (
                "could not connect to agent.test:8000: this process has too many open files; "
                "raise 'ulimit -n' or lower advanced.concurrency"
            ),
        ),
        (
            aiohttp.ClientConnectorCertificateError(KEY, certificate_error()),
            ErrorKind.TLS,
            "no secure connection: Hostname mismatch",
        ),
        (
            aiohttp.ClientConnectorSSLError(KEY, ssl.SSLError(1, "[SSL] wrong version")),
            ErrorKind.TLS,
            "no secure connection: [SSL] wrong version",
        ),
        (ssl.SSLError(1, "[SSL] bad record"), ErrorKind.TLS, "no secure connection: [SSL] bad record"),
        (aiohttp.InvalidURL("http://"), ErrorKind.UNSENDABLE, "http://"),
        (
            http_exceptions.ContentEncodingError("deflate"),
            ErrorKind.BAD_REPLY,
            "the body is not compressed as its content-encoding says",
        ),
        (http_exceptions.BadStatusLine("x"), ErrorKind.BAD_REPLY, "the answer is not valid HTTP"),
        (
            ConnectionResetError("reset"),
            ErrorKind.DISCONNECTED,
            "the connection was lost before the reply (so far)",
        ),
        (
            aiohttp.ClientPayloadError("cut"),
            ErrorKind.DISCONNECTED,
            "the connection was lost before the reply (so far)",
        ),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else None,
)
def test_exception_becomes_error(error: Exception, kind: ErrorKind, message: str) -> None:
    """The exception is among those that are caught, and its kind and message tell what happened."""
    assert isinstance(error, TRANSPORT_ERRORS)
    made = outcome_error(error, 1500, " (so far)")
    assert made.kind is kind
    assert made.message.startswith(message)
