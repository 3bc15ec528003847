"""One client on one connection: what the server gets to see, and what the client makes of any ending."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from aiohttp import web
from yarl import URL

from flakestorm.agents.config import AgentConfig
from flakestorm.agents.http import http_agent
from flakestorm.agents.port import Attackable, Request
from flakestorm.agents.wire.channel import open_channel
from flakestorm.agents.wire.exchange import Line, WireClient
from flakestorm.agents.wire.golden_request import GoldenRequest
from flakestorm.agents.wire.script import Script
from flakestorm.model.attack import Attack, Crowd, Due, Piece, Then, Timing
from flakestorm.model.outcome import ErrorKind
from flakestorm.model.wire import Ended, WireExchange

CERTIFICATE = Path(__file__).parents[1] / "http_agents" / "localhost.pem"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
BODY = (b'{"input": "Hi', b'"}')

Raw = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@pytest.fixture
async def serve() -> AsyncIterator[Callable[[Raw], Awaitable[URL]]]:
    """Start a server that handles sockets itself; gives its URL."""
    async with AsyncExitStack() as stack:

        async def start(handler: Raw) -> URL:
            async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                try:
                    await handler(reader, writer)
                except (ConnectionError, asyncio.IncompleteReadError):
                    pass  # what the client did is what the test is about
                finally:
                    writer.close()

            server = await asyncio.start_server(handle, "127.0.0.1", 0)
            stack.callback(server.close)
            return URL(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/chat")

        yield start


async def exchange(url: URL, attack: Attack | None = None, timeout_s: float = 5.0) -> WireExchange:
    """What the attack's client reports."""
    golden = GoldenRequest(url, "POST", (("Host", "x"),), BODY)
    script = Script.of(attack or Attack(), golden)
    return await WireClient(Line(url, False, timeout_s), script).run()


async def whole_request(reader: asyncio.StreamReader) -> bytes:
    """Head and body of the ordinary request."""
    head = await reader.readuntil(b"\r\n\r\n")
    return head + await reader.readexactly(len(b"".join(BODY)))


@pytest.mark.parametrize(
    ("said", "ended", "status"),
    [
        (OK, Ended.ANSWERED, 200),
        (b"HTTP/1.1 100 Continue\r\n\r\n" + OK, Ended.ANSWERED, 200),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nok", Ended.CUT, 200),
        (b"HTTP/1.1 200", Ended.CUT, None),
        (b"", Ended.CLOSED, None),
        (b"hello", Ended.NOT_HTTP, None),
    ],
)
async def test_how_an_exchange_ends(serve, said: bytes, ended: Ended, status: int | None) -> None:
    """With an answer, in the middle of one, without one, or with something else."""
    seen: list[bytes] = []

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await whole_request(reader))
        writer.write(said)

    got = await exchange(await serve(handler))
    assert (got.ended, got.status, got.all_sent) == (ended, status, True)
    assert got.sent == len(seen[0])


async def test_a_connection_that_is_broken_off(serve) -> None:
    """A reset is told from a farewell."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await whole_request(reader)
        connection = writer.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")

    assert (await exchange(await serve(handler))).ended is Ended.RESET


async def test_an_early_answer_is_not_lost(serve) -> None:
    """A server that refuses a large body and hangs up at once resets the connection; its 413 counts."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n")

    url = await serve(handler)
    got = [await exchange(url, Attack(body=(Piece("x", 20_000_000),))) for _ in range(10)]
    assert {(one.ended, one.status, one.all_sent) for one in got} == {(Ended.ANSWERED, 413, False)}


@pytest.mark.parametrize(("due", "ended"), [(Due.ANSWER, Ended.TIMEOUT), (Due.NOTHING, Ended.LEFT)])
async def test_no_answer_at_all(serve, due: Due, ended: Ended) -> None:
    """A request that is owed one waits for its time; another client leaves when it wants to."""
    over = asyncio.Event()

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await over.wait()

    got = await exchange(await serve(handler), Attack(due, timing=Timing(hold_s=0.1)), timeout_s=0.2)
    over.set()
    assert got.ended is ended


async def test_a_server_that_stops_reading(serve) -> None:
    """Sending has a limit of time as well."""
    over = asyncio.Event()

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await over.wait()

    got = await exchange(await serve(handler), Attack(body=(Piece("x", 50_000_000),)), timeout_s=0.3)
    over.set()
    assert got.ended is Ended.TIMEOUT
    assert not got.all_sent


@pytest.mark.parametrize(
    ("then", "last"),
    [(Then.CLOSE, b""), (Then.HALF_CLOSE, b""), (Then.IGNORE, b""), (Then.RESET, None)],
)
async def test_what_the_server_sees_of_the_end(serve, then: Then, last: bytes | None) -> None:
    """The end of the stream, or a reset; and only who reads gets an answer."""
    seen: asyncio.Future[bytes | None] = asyncio.get_running_loop().create_future()

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await whole_request(reader)
        try:
            seen.set_result(await reader.read(1))
        except ConnectionResetError:
            seen.set_result(None)
        writer.write(OK)

    due = Due.ANSWER if then is Then.HALF_CLOSE else Due.NOTHING
    got = await exchange(await serve(handler), Attack(due, timing=Timing(then=then, hold_s=0.05)))
    assert await asyncio.wait_for(seen, 5) == last
    assert got.ended is (Ended.ANSWERED if then is Then.HALF_CLOSE else Ended.LEFT)


async def test_who_keeps_the_connection(serve) -> None:
    """It stays open for a while after the answer."""
    times: list[float] = []
    loop = asyncio.get_running_loop()
    gone = asyncio.Event()

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await whole_request(reader)
        writer.write(OK)
        times.append(loop.time())
        await reader.read(1)
        times.append(loop.time())
        gone.set()

    got = await exchange(await serve(handler), Attack(timing=Timing(then=Then.KEEP, hold_s=0.15)))
    await asyncio.wait_for(gone.wait(), 5)
    assert got.ended is Ended.ANSWERED
    assert times[1] - times[0] > 0.1


async def test_a_slow_client_sends_in_pieces(serve) -> None:
    """What arrives first is a part; the pauses between add up."""
    pieces: list[bytes] = []

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while not b"".join(pieces).endswith(BODY[1]):
            pieces.append(await reader.read(65536))
        writer.write(OK)

    attack = Attack(timing=Timing(head_steps=4, body_steps=3, pause_s=0.03))
    got = await exchange(await serve(handler), attack)
    assert len(pieces) == 7
    assert got.elapsed_ms >= 6 * 30


async def test_nobody_listens() -> None:
    """It is said why there is no connection."""
    got = await exchange(URL("http://127.0.0.1:9/chat"))
    assert got.ended is Ended.REFUSED
    assert "refused" in got.body.lower()


async def test_tls() -> None:
    """The same attacks go through TLS: large bodies, half-closing, answers; certificates are checked."""

    async def answer(request: web.Request) -> web.Response:
        return web.Response(text=f"{len(await request.read())} {request.headers.getall('X-Twice')}")

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    app = web.Application(client_max_size=1 << 30)
    app.router.add_post("/chat", answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
    try:
        url = URL(f"https://127.0.0.1:{runner.addresses[0][1]}/chat")
        attack = Attack(headers=(Piece("X-Twice: a\r\n", 2),), body=(Piece("x", 3_000_000),))
        got = await exchange(url, attack)
        assert (got.status, got.body) == (200, "3000000 ['a', 'a']")
        assert (await exchange(url, Attack(timing=Timing(then=Then.HALF_CLOSE)))).ended is not Ended.TIMEOUT
        assert (await exchange(url, Attack(timing=Timing(then=Then.RESET)))).ended is Ended.LEFT
        with pytest.raises(ssl.SSLCertVerificationError):
            await open_channel(url, verify_tls=True)
    finally:
        await runner.cleanup()


async def test_tls_with_a_server_that_has_none(serve) -> None:
    """A handshake that fails, or that the server hangs up on, is no connection."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(10)

    async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(10)
        writer.write(OK)

    for server in (handler, plain):
        url = (await serve(server)).with_scheme("https")
        assert (await exchange(url)).ended is Ended.REFUSED


async def test_a_host_without_an_address() -> None:
    """The name is looked up by the system, and its failure is an outcome like others."""
    got = await exchange(URL("http://nobody.invalid/chat"))
    assert got.ended is Ended.REFUSED


async def test_the_last_bytes_leave_together(serve) -> None:
    """No client's request is complete before all have sent the rest of theirs."""
    almost, complete = [], []

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        body = await reader.readexactly(len(b"".join(BODY)) - 1)
        almost.append(len(head) + len(body))
        await reader.readexactly(1)
        complete.append(len(almost))
        writer.write(OK)

    url = await serve(handler)
    agent = http_agent(AgentConfig(endpoint=str(url), request_template='{"input": "{prompt}"}', timeout=3000))
    try:
        assert isinstance(agent, Attackable)
        outcome = await agent.attack(Attack(crowd=Crowd(4, together=True)), Request(("Hi",)))
    finally:
        await agent.aclose()
    assert outcome.error is None or outcome.error.kind is ErrorKind.STATUS
    assert outcome.wire is not None
    assert [e.ended for e in outcome.wire.exchanges] == [Ended.ANSWERED] * 4
    # One ordinary request came before the crowd, so that the first of it sees all five.
    crowd = [count for count in complete if count >= 5]
    assert len(crowd) >= 4


async def test_a_prompt_that_cannot_be_sent(serve) -> None:
    """It is skipped like any other prompt that does not fit into the request."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(OK)

    config = AgentConfig(endpoint=str(await serve(handler)), request_template='{"a": "{order}"}')
    agent = http_agent(config)
    outcome = await agent.attack(Attack(), Request(("Name: Ann",)))
    await agent.aclose()
    assert outcome.error is not None
    assert outcome.error.kind is ErrorKind.UNSENDABLE


async def test_pauses_fit_into_the_timeout(serve) -> None:
    """An agent with a timeout of a second is not attacked for ten."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b'"}')
        writer.write(OK)

    agent = http_agent(AgentConfig(endpoint=str(await serve(handler)), timeout=1000))
    slow = Attack(timing=Timing(body_steps=3, pause_s=5.0))
    outcome = await agent.attack(slow, Request(("Hi",)))
    await agent.aclose()
    assert outcome.wire is not None
    (got,) = outcome.wire.exchanges
    assert got.ended is Ended.ANSWERED
    assert 400 < got.elapsed_ms < 1000
