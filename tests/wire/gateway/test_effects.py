"""Each effect, as the caller sees it on its socket, and as it is noted."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Iterable
from dataclasses import replace
from time import perf_counter
from typing import Any

import pytest

from flakestorm.chaos.effect import Answer, Ending, Pause, Step

BODY = b'{"answer": "a long enough answer"}'
EVENTS = (b"data: one\n\n", b"data: two\n\n", b"data: [DONE]\n\n")


async def whole(exchanged: Any) -> None:
    """An upstream that gives ``BODY``, compressed for those who take it."""
    head = b"HTTP/1.1 201 Made\r\nContent-Type: application/json\r\nX-Kept: 1\r\n"
    if exchanged.headers("accept-encoding") == ["gzip"]:
        packed = gzip.compress(BODY)
        await exchanged.write(
            head + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%b" % (len(packed), packed)
        )
    else:
        body = b"" if exchanged.head.startswith(b"HEAD") else BODY
        await exchanged.write(head + b"Content-Length: %d\r\n\r\n%b" % (len(BODY), body))


async def stream(exchanged: Any) -> None:
    """An upstream that streams ``EVENTS``."""
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nX-Kept: 1\r\n"
    packed = exchanged.headers("accept-encoding") == ["gzip"]
    if packed:
        head += b"Content-Encoding: gzip\r\n"
    await exchanged.write(head + b"Transfer-Encoding: chunked\r\n\r\n")
    pieces = [gzip.compress(b"".join(EVENTS))] if packed else EVENTS
    for piece in pieces:
        await exchanged.write(b"%x\r\n%b\r\n" % (len(piece), piece))
        await asyncio.sleep(0.01)
    await exchanged.write(b"0\r\n\r\n")


class Upper:
    """Capital letters, and a last word."""

    def feed(self, data: bytes) -> Iterable[Step]:
        """See ``Shaper``."""
        yield data.upper()

    def finish(self) -> Iterable[Step]:
        """See ``Shaper``."""
        yield b"last"


class Steps:
    """What it was made with, for the first piece."""

    def __init__(self, *steps: Step) -> None:
        self.steps = list(steps)

    def feed(self, data: bytes) -> Iterable[Step]:
        """See ``Shaper``."""
        del data
        given, self.steps = self.steps, []
        return given

    def finish(self) -> Iterable[Step]:
        """See ``Shaper``."""
        return ()


async def broken(made: Any, data: bytes) -> bytes:
    """What came before the reset of a connection that has to be reset."""
    caller = await made.connect()
    await caller.send(data)
    pieces = []

    async def read() -> None:
        while piece := await asyncio.wait_for(caller.reader.read(1 << 16), 20):
            pieces.append(piece)

    with pytest.raises(ConnectionResetError):
        await read()
    caller.writer.close()
    return b"".join(pieces)


async def only_call(made: Any) -> Any:
    """The one call, closed."""
    (call,) = await made.closed_calls()
    assert made.faults.over == 1
    return call


async def test_delay(setting: Any, post: Any) -> None:
    """The call waits before it is passed on."""
    made = await setting(whole, delay_ms=80)
    begin = perf_counter()
    assert (await made.ask(post())).endswith(BODY)
    assert perf_counter() - begin >= 0.08
    assert (await only_call(made)).fired == ("fake",)


@pytest.mark.parametrize("connection", ["refused", "reset"])
async def test_reset(setting: Any, post: Any, connection: str) -> None:
    """The connection breaks without a byte, and the upstream hears nothing."""
    made = await setting(whole, connection=connection)
    assert await broken(made, post(close=False)) == b""
    assert made.upstream.seen == []
    call = await only_call(made)
    assert (call.ended, call.status) == ("reset", None)


async def test_hang(setting: Any, post: Any) -> None:
    """Silence for as long as it says, then the end without a byte."""
    made = await setting(whole, connection="hang", hang_ms=80)
    begin = perf_counter()
    assert await made.ask(post(close=False)) == b""
    assert perf_counter() - begin >= 0.08
    assert (await only_call(made)).ended == "hung"


async def test_a_caller_that_gives_up_during_a_hang(setting: Any, post: Any) -> None:
    """It has left; nobody waits any longer."""
    made = await setting(whole, connection="hang")
    caller = await made.connect()
    await caller.send(post())
    for _ in range(1000):
        if made.faults.requests:
            break
        await asyncio.sleep(0.005)
    caller.writer.close()
    assert (await only_call(made)).ended == "left"
    assert made.gateway.figures()["open"] == 0


async def test_the_end_of_the_trial_ends_what_a_fault_holds_up(setting: Any, post: Any) -> None:
    """The call is noted as open, and its connection closed."""
    made = await setting(whole, connection="hang")
    caller = await made.connect()
    await caller.send(post())
    for _ in range(1000):
        if made.faults.requests:
            break
        await asyncio.sleep(0.005)
    made.gateway.leave(made.traffic)
    (call,) = made.traffic.calls()
    assert call.ended == "open"
    assert await caller.rest() == b""
    caller.writer.close()


async def test_answer(setting: Any, post: Any) -> None:
    """A made-up answer: its headers in order, its length right, and no way to smuggle a header in."""
    headers = (("Retry-After", "3"), ("X", "a\r\nEvil: 1"), ("x", "é ☂"), ("Content-Length", "7"))
    made = await setting(whole, answer=Answer(529, headers, b"{}"))
    answer = await made.ask(post())
    assert answer == (
        b"HTTP/1.1 529 \r\nRetry-After: 3\r\nX: a Evil: 1\r\nx: " + "é ☂".encode() + b"\r\n"
        b"Content-Length: 2\r\nConnection: close\r\n\r\n{}"
    )
    assert made.upstream.seen == []
    call = await only_call(made)
    assert (call.status, call.received, call.ended, call.asked_wait_ms) == (529, "{}", "", 3000)


@pytest.mark.parametrize(
    ("status", "line"), [(204, b"HTTP/1.1 204 No Content"), (103, b"HTTP/1.1 103 Early Hints")]
)
async def test_answers_without_body(setting: Any, post: Any, status: int, line: bytes) -> None:
    """The connection is not left in a state that the next call would suffer from."""
    made = await setting(whole, answer=Answer(status, (), b""))
    assert (await made.ask(post(close=status != 103))).startswith(line + b"\r\n")


async def test_request(setting: Any, post: Any) -> None:
    """The upstream gets the changed body, with its length."""
    made = await setting(whole, request=lambda body: body + b" and more")
    await made.ask(post(body=b"{}", extra=b"X: 1\r\n"))
    (seen,) = made.upstream.seen
    assert seen.body == b"{} and more"
    assert seen.headers("content-length") == ["11"]
    assert seen.headers("x") == ["1"]


async def test_lost(setting: Any, post: Any) -> None:
    """The upstream did it, and the caller never hears of it."""
    made = await setting(whole, lost=True)
    assert await broken(made, post()) == b""
    assert len(made.upstream.seen) == 1
    assert (await only_call(made)).ended == "reset"


@pytest.mark.parametrize("packed", [True, False])
async def test_rewrite(setting: Any, post: Any, packed: bool) -> None:
    """The changed answer goes out as plain text with the right length; other headers stay."""

    def change(answer: Answer) -> Answer:
        assert answer.body == BODY
        assert dict(answer.headers) == {"Content-Type": "application/json", "X-Kept": "1"}
        return replace(answer, status=200, body=b"changed")

    made = await setting(whole, rewrite=change)
    assert await made.ask(post(extra=b"Accept-Encoding: gzip\r\n" if packed else b"")) == (
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nX-Kept: 1\r\nContent-Length: 7\r\n"
        b"Connection: close\r\n\r\nchanged"
    )
    assert (await only_call(made)).received == "changed"


async def test_what_is_only_looked_at_stays_as_it_is(setting: Any, post: Any) -> None:
    """A rewrite that changes nothing leaves even the compression."""
    made = await setting(whole, rewrite=lambda answer: answer)
    answer = await made.ask(post(extra=b"Accept-Encoding: gzip, br;q=1, zstd\r\n"))
    assert made.upstream.seen[0].headers("accept-encoding") == ["gzip"]
    assert b"HTTP/1.1 201 Made\r\n" in answer
    assert gzip.decompress(answer.partition(b"\r\n\r\n")[2]) == BODY
    assert (await only_call(made)).received == BODY.decode()


async def test_a_coding_that_cannot_be_read(setting: Any, post: Any) -> None:
    """An upstream that compresses in its own way all the same: the caller is told, nothing is guessed."""

    async def script(exchanged: Any) -> None:
        await exchanged.write(b"HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nContent-Length: 2\r\n\r\nxx")

    made = await setting(script, rewrite=lambda answer: replace(answer, body=b""))
    answer = await made.ask(post(extra=b"Accept-Encoding: br\r\n"))
    assert answer.startswith(b"HTTP/1.1 502 ")
    assert b"content-encoding 'br' cannot be read here" in answer
    assert made.upstream.seen[0].headers("accept-encoding") == ["identity"]
    assert (await only_call(made)).ended == "unreachable"


async def test_a_compressed_stream_that_is_damaged(setting: Any, post: Any) -> None:
    """What could be read has been passed on; then the connection breaks, since nothing else can follow."""

    async def script(exchanged: Any) -> None:
        await exchanged.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Encoding: gzip\r\n\r\n"
            + gzip.compress(b"data: x\n\n")[:10]
            + b"\xff" * 100
        )
        exchanged.writer.close()

    made = await setting(script, shaper=Upper)
    assert (await broken(made, post())).startswith(b"HTTP/1.1 200 OK\r\n")
    assert (await only_call(made)).ended == "cut"


@pytest.mark.parametrize("packed", [True, False])
async def test_stream_through_a_shaper(setting: Any, post: Any, packed: bool) -> None:
    """Every piece is changed as it passes."""
    made = await setting(stream, shaper=Upper, rewrite=lambda answer: answer)
    answer = await made.ask(post(extra=b"Accept-Encoding: gzip\r\n" if packed else b""))
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"Content-Encoding" not in head
    assert b"X-Kept: 1" in head
    texts = body.split(b"\r\n")
    assert b"".join(texts[1::2]) == b"".join(EVENTS).upper() + b"last"
    assert (await only_call(made)).received == (b"".join(EVENTS).upper() + b"last").decode()


async def test_whole_answer_through_a_shaper(setting: Any, post: Any) -> None:
    """Where there is only a shaper, it gets the body as one piece."""
    made = await setting(whole, shaper=Upper)
    answer = await made.ask(post())
    assert b"Content-Length: %d\r\n" % (len(BODY) + 4) in answer
    assert answer.endswith(BODY.upper() + b"last")


@pytest.mark.parametrize("script", [whole, stream])
async def test_pauses(setting: Any, post: Any, script: Any) -> None:
    """What was before a pause has arrived before it begins."""
    made = await setting(script, shaper=lambda: Steps(Pause(40), b"early", Pause(80), b"late"))
    caller = await made.connect()
    begin = perf_counter()
    await caller.send(post())
    await caller.until(b"\r\n\r\n")
    await caller.until(b"early")
    early = perf_counter() - begin
    await caller.until(b"late")
    assert early >= 0.04
    assert perf_counter() - begin >= 0.12
    await caller.rest()
    caller.writer.close()


@pytest.mark.parametrize("script", [whole, stream])
async def test_ending_in_a_reset(setting: Any, post: Any, script: Any) -> None:
    """What came before arrives; then the connection breaks."""
    made = await setting(script, shaper=lambda: Steps(b"begun", Ending.RESET, b"never"))
    got = await broken(made, post())
    assert b"begun" in got
    assert b"never" not in got
    call = await only_call(made)
    assert (call.ended, call.received) == ("reset", "begun")


@pytest.mark.parametrize("script", [whole, stream])
async def test_clean_ending(setting: Any, post: Any, script: Any) -> None:
    """The body ends as if that were all, in good order."""
    made = await setting(script, shaper=lambda: Steps(b"begun", Ending.CLEAN, b"never"))
    answer = await made.ask(post())
    if script is whole:
        assert b"Content-Length: 5\r\n" in answer
        assert answer.endswith(b"\r\n\r\nbegun")
    else:
        assert answer.endswith(b"\r\n\r\n5\r\nbegun\r\n0\r\n\r\n")
    assert (await only_call(made)).ended == ""


@pytest.mark.parametrize("script", [whole, stream])
async def test_ending_in_silence(setting: Any, post: Any, script: Any) -> None:
    """Nothing more comes until the fault's time is over."""
    made = await setting(script, shaper=lambda: Steps(b"begun", Ending.HANG, b"never"), hang_ms=50)
    begin = perf_counter()
    assert b"begun" in await broken(made, post())
    assert perf_counter() - begin >= 0.05
    assert (await only_call(made)).ended == "hung"


@pytest.mark.parametrize("script", [whole, stream])
async def test_wrong_length(setting: Any, post: Any, script: Any) -> None:
    """More bytes are announced than come."""
    made = await setting(script, framing="wrong_length")
    head, _, body = (await made.ask(post(close=False))).partition(b"\r\n\r\n")
    expected = BODY if script is whole else b"".join(EVENTS)
    # Of a stream the last words are missing: SDKs stop reading at the terminator.
    assert body == expected if script is whole else expected.startswith(body) and body != expected
    announced = next(line for line in head.split(b"\r\n") if line.startswith(b"Content-Length: "))
    assert int(announced.split()[1]) > len(expected)
    assert (await only_call(made)).ended == "cut"


@pytest.mark.parametrize("script", [whole, stream])
async def test_bad_chunk(setting: Any, post: Any, script: Any) -> None:
    """A good chunk, then something that is none, then the end."""
    made = await setting(script, framing="bad_chunk")
    answer = await made.ask(post(close=False))
    first = BODY if script is whole else EVENTS[0]
    good = first[: len(first) // 2]
    assert answer.endswith(b"\r\n\r\n%x\r\n%b\r\nflakestorm\r\n" % (len(good), good))
    assert (await only_call(made)).ended == "cut"


async def test_answer_in_a_broken_frame(setting: Any, post: Any) -> None:
    """A made-up answer can be broken as well."""
    made = await setting(whole, answer=Answer(500, (), b"sorry"), framing="wrong_length")
    answer = await made.ask(post(close=False))
    assert answer.startswith(b"HTTP/1.1 500 Internal Server Error\r\n")
    assert answer.endswith(b"\r\n\r\nsorry")


async def test_an_effect_on_an_answer_without_body(setting: Any) -> None:
    """There is nothing to change, and nothing is looked at."""
    made = await setting(whole, rewrite=lambda answer: replace(answer, body=b"new"))
    answer = await made.ask(b"HEAD /openai/x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert answer.endswith(b"Content-Length: %d\r\nConnection: close\r\n\r\n" % len(BODY))


async def test_a_fault_that_fails(setting: Any, post: Any) -> None:
    """A defect in a fault is the gateway's failure, and says so; afterwards it goes on."""

    def fail(answer: Answer) -> Answer:
        raise ZeroDivisionError(answer.status)

    made = await setting(whole, rewrite=fail)
    answer = await made.ask(post())
    assert answer.startswith(b"HTTP/1.1 500 ")
    assert b"no injected fault" in answer
    assert (await only_call(made)).ended == "broken"


async def test_a_shaper_that_fails_in_the_middle(setting: Any, post: Any) -> None:
    """The connection breaks: another answer cannot follow."""

    class Failing(Steps):
        def finish(self) -> Iterable[Step]:
            raise ZeroDivisionError

    made = await setting(stream, shaper=lambda: Failing(b"begun"))
    assert b"begun" in await broken(made, post())
