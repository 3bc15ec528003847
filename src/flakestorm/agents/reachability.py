"""Is anything there to talk to? Asked once before a run, so that it fails in seconds and says what to do."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path

from yarl import URL

from flakestorm.model.errors import AgentUnreachable

WITHIN_S = 2.0
CONTAINER_MARK = Path("/.dockerenv")


async def check_reachable(url: URL, verify_tls: bool = True, within_s: float = WITHIN_S) -> None:
    """Connect to ``url``'s host, with TLS for https. Raises ``AgentUnreachable`` after ``within_s``."""
    context = tls_context(verify_tls) if url.scheme == "https" else None
    # Not wait_for: before Python 3.12 it can swallow a cancellation.
    connecting = asyncio.create_task(_connect(url, context))
    try:
        await asyncio.wait({connecting}, timeout=within_s)
    finally:
        connecting.cancel()
    if not connecting.done():
        raise AgentUnreachable(_message(url, asyncio.TimeoutError(), within_s))
    try:
        connecting.result()
    except (OSError, UnicodeError) as error:
        raise AgentUnreachable(_message(url, error, within_s)) from error


async def _connect(url: URL, context: ssl.SSLContext | None) -> None:
    _, writer = await asyncio.open_connection(url.host, url.port, ssl=context)
    # Waiting for the end of it would let a server hold up the run by not closing its side.
    writer.close()


def tls_context(verify: bool) -> ssl.SSLContext:
    """A client's TLS settings; without ``verify`` any certificate will do."""
    context = ssl.create_default_context()
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _message(url: URL, error: Exception, within_s: float) -> str:
    return (
        f"the agent cannot be reached: {_reason(error, within_s)}\n"
        f"  tried: a connection to {url.host} port {url.port}\n"
        f"  agent.endpoint: {url.with_user(None)}\n"
        f"{_advice(url, error)}"
    )


def _reason(error: Exception, within_s: float) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted: {error.verify_message}"
    if isinstance(error, ssl.SSLError):
        return f"the secure connection failed: {error.reason or error}"
    if isinstance(error, asyncio.TimeoutError):
        return f"no connection within {within_s:g} s"
    if isinstance(error, OSError):
        return error.strerror or str(error)
    return str(error)


def _advice(url: URL, error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return "For a certificate of your own making set agent.verify_tls: false."
    if isinstance(error, ssl.SSLError):
        return f"If the agent speaks plain HTTP, write {url.with_user(None).with_scheme('http')}"
    lines = ["Is the agent running, and is this its port? With agent.serve flakestorm starts it itself."]
    if url.host in {"localhost", "127.0.0.1", "::1"} and CONTAINER_MARK.exists():
        lines.append(
            f"flakestorm runs in a container, where {url.host} is the container itself; an agent on the "
            f"host is at {url.with_user(None).with_host('host.docker.internal')}"
        )
    return "\n".join(lines)
