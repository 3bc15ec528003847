"""How upstreams are asked: the request's bytes, proxies, and errors in words."""

from __future__ import annotations

import asyncio
import errno
import ssl
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import pytest
from aiohttp.http_exceptions import BadStatusLine

from flakestorm.chaos.gateway import upstream as module
from flakestorm.chaos.gateway.open_files import allow_many
from flakestorm.chaos.gateway.tunnel import tunnel_url
from flakestorm.chaos.gateway.upstream import Upstream, UpstreamDown, explained, system_reason

KEY: Any = None


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (aiohttp.ClientConnectorDNSError(KEY, OSError()), "the host name of https://h:1 has no address"),
        (
            aiohttp.ClientConnectorError(KEY, OSError(errno.ECONNREFUSED, "Connect call failed")),
            "no connection to https://h:1: Connection refused",
        ),
        (asyncio.TimeoutError(), "no connection to https://h:1 within 30 s"),
        (BadStatusLine("SSH"), "what https://h:1 answered is not HTTP: "),
        (aiohttp.ServerDisconnectedError(), "https://h:1 closed the connection without an answer"),
        (ConnectionResetError(), "https://h:1 closed the connection without an answer"),
    ],
)
def test_explained(error: BaseException, message: str) -> None:
    """Each failure in one sentence; a password in the address is not told."""
    assert explained(error, urlsplit("https://user:word@h:1/v1?key=secret")).startswith(message)


def test_certificates() -> None:
    """What is wrong with a certificate is the system's to say."""

    class Key:
        host, port, is_ssl = "h", 1, True

    error = aiohttp.ClientConnectorCertificateError(Key(), ssl.SSLCertVerificationError("expired"))  # type: ignore[arg-type]  # no more of it is used
    assert "no secure connection to https://h can be made" in explained(error, urlsplit("https://h"))


def test_system_reason() -> None:
    """The number's words, or whatever the error says."""
    assert system_reason(OSError(errno.ECONNREFUSED, "Connect call failed")) == "Connection refused"
    assert system_reason(OSError("odd")) == "odd"


@pytest.mark.parametrize(
    ("url", "address", "path"),
    [
        ("http://h", "http://h", "/"),
        ("http://h:1/a?b", "http://h:1", "/a?b"),
        ("https://h?a=/b", "https://h", "/?a=/b"),
        ("https://h/a?b=/c", "https://h", "/a?b=/c"),
    ],
)
def test_address_and_path(url: str, address: str, path: str) -> None:
    """A query may come right after the address, and have slashes in it."""
    assert module._split(url) == (address, path)


async def test_origins() -> None:
    """What is the same in each request: the host, the way through a proxy, credentials in the address."""
    async with Upstream(
        {
            "HTTP_PROXY": "http://me:p%40ss@proxy:3128",
            "https_proxy": "http://tls-proxy",
            "NO_PROXY": "direct",
            "all_proxy": "socks5://s",
        }
    ) as upstream:
        plain = upstream._origin("http://user:word@h:8080")
        assert plain.prefix == b"http://h:8080"
        assert plain.head == b"Host: h:8080\r\nProxy-Authorization: Basic bWU6cEBzcw==\r\n"
        assert plain.authorization == b"Authorization: Basic dXNlcjp3b3Jk\r\n"
        secure = upstream._origin("https://h")
        assert (secure.prefix, secure.head, secure.authorization) == (b"", b"Host: h\r\n", b"")
        assert str(secure.connecting.proxy) == "http://tls-proxy"
        direct = upstream._origin("http://direct")
        assert (direct.prefix, direct.connecting.proxy) == (b"", None)
    async with Upstream({"ALL_PROXY": "socks5://s"}) as upstream:
        assert upstream._origin("http://h").connecting.proxy is None


async def test_request_bytes() -> None:
    """Length, credentials and the end of the connection are added where they are missing, and only there."""
    async with Upstream({}) as upstream:
        origin = upstream._origin("http://u:p@h")
    made = module._request(origin, "PUT", "/a", [(b"X", b"\xe9")], b"ab", closing=True)
    assert made == (
        b"PUT /a HTTP/1.1\r\nHost: h\r\nX: \xe9\r\nContent-Length: 2\r\n"
        b"Authorization: Basic dTpw\r\nConnection: close\r\n\r\nab"
    )
    given = [(b"content-LENGTH", b"0"), (b"authorization", b"Bearer x")]
    assert module._request(origin, "GET", "/", given, b"", closing=False) == (
        b"GET / HTTP/1.1\r\nHost: h\r\ncontent-LENGTH: 0\r\nauthorization: Bearer x\r\n\r\n"
    )


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("http://h:port/x", "http://h:port is not an address"),
        ("http://nowhere.invalid/x", "the host name of http://nowhere.invalid has no address"),
    ],
)
async def test_addresses_that_are_none(url: str, message: str) -> None:
    """Both are the upstream's failure, in words."""
    async with Upstream({}) as upstream:
        with pytest.raises(UpstreamDown, match=message):
            await upstream.ask("GET", url, [], b"")


@pytest.mark.parametrize(
    ("authority", "url"),
    [
        ("h:443", "https://h:443"),
        ("h:80", "http://h:80"),
        ("[::1]:8443", "https://[::1]:8443"),
        ("h", None),
        ("h:x", None),
        ("h:1/x", None),
        ("", None),
    ],
)
def test_tunnels(authority: str, url: str | None) -> None:
    """CONNECT takes a host and a port, nothing else."""
    assert tunnel_url(authority) == url


def test_open_files() -> None:
    """The limit is as high as the system allows, and asking again changes nothing."""
    resource = pytest.importorskip("resource")
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 512), hard))
    allow_many()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    assert soft == hard
    allow_many()
    assert resource.getrlimit(resource.RLIMIT_NOFILE) == (soft, hard)
