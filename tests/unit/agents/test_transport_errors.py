"""Every exception of the transport has its error kind: here those that sockets do not give on demand."""

from __future__ import annotations

import asyncio
import errno
import socket
import ssl

import pytest

from flakestorm.agents.connections import not_connected
from flakestorm.agents.request_template import Unsendable
from flakestorm.agents.transport_errors import TRANSPORT_ERRORS, ConnectionLost, NotHttp, outcome_error
from flakestorm.model.outcome import ErrorKind


def certificate_error() -> ssl.SSLCertVerificationError:
    """What Python's ssl raises for a certificate of another host."""
    error = ssl.SSLCertVerificationError(1, "certificate verify failed")
    error.verify_message = "Hostname mismatch"
    return error


@pytest.mark.parametrize(
    ("error", "kind", "message"),
    [
        (asyncio.TimeoutError(), ErrorKind.TIMEOUT, "no complete reply within 1,500 ms (so far)"),
        (certificate_error(), ErrorKind.TLS, "no secure connection: Hostname mismatch"),
        (ssl.SSLError(1, "[SSL] bad record"), ErrorKind.TLS, "no secure connection: [SSL] bad record"),
        (NotHttp("what is this?"), ErrorKind.BAD_REPLY, "the answer is not valid HTTP"),
        (Unsendable("no place for it"), ErrorKind.UNSENDABLE, "no place for it"),
        (
            ConnectionResetError("reset"),
            ErrorKind.DISCONNECTED,
            "the connection was lost before the reply (so far)",
        ),
        (
            ConnectionLost(),
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


@pytest.mark.parametrize(
    ("error", "kind", "message"),
    [
        (
            socket.gaierror(-2, "Name or service not known"),
            ErrorKind.DNS,
            "the host name 'agent.test' has no address: Name or service not known",
        ),
        (UnicodeError("label too long"), ErrorKind.DNS, "the host name cannot be looked up: label too long"),
        (
            OSError(errno.EHOSTUNREACH, "No route to host"),
            ErrorKind.REFUSED,
            "nothing accepts connections at agent.test:8000: No route to host",
        ),
        (
            OSError("several reasons"),
            ErrorKind.REFUSED,
            "nothing accepts connections at agent.test:8000: several",
        ),
        (
            OSError(errno.EMFILE, "Too many open files"),
            ErrorKind.REFUSED,
            (
                "could not connect to agent.test:8000: this process has too many open files; "
                "raise 'ulimit -n' or lower advanced.concurrency"
            ),
        ),
        (certificate_error(), ErrorKind.TLS, "no secure connection: Hostname mismatch"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else None,
)
def test_no_connection(error: Exception, kind: ErrorKind, message: str) -> None:
    """Why nothing could be sent, with the address."""
    made = outcome_error(not_connected(error, "agent.test", 8000), 1500)
    assert made.kind is kind
    assert made.message.startswith(message)
