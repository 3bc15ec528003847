"""Scripts are the bytes that the recipe says, and large ones exist only in blocks."""

from __future__ import annotations

import gzip
import tracemalloc
import zlib
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from yarl import URL

import flakestorm.mutations.engine  # noqa: F401 - registers the operators
from flakestorm.agents.wire.golden_request import GoldenRequest
from flakestorm.agents.wire.script import Script
from flakestorm.agents.wire.streams import BLOCK, blocks, stepped
from flakestorm.model.attack import Attack, Framing, Part, Piece, Timing
from flakestorm.model.mutation import Kind
from flakestorm.mutations.registry import Source, operators

HEAD = b"POST /chat?v=1 HTTP/1.1\r\nHost: 127.0.0.1:8000\r\nContent-Type: application/json\r\n"
BODY = b'{"input": "Hi"}'

GOLDEN = GoldenRequest(
    URL("http://127.0.0.1:8000/chat?v=1"),
    "POST",
    (("Host", "127.0.0.1:8000"), ("Content-Type", "application/json")),
    (b'{"input": "Hi', b'"}'),
)


def sent(attack: Attack, golden: GoldenRequest = GOLDEN) -> bytes:
    """All bytes of the attack, without the pauses."""
    return b"".join(step for step in Script.of(attack, golden).steps() if isinstance(step, bytes))


def test_an_attack_that_changes_nothing_is_the_ordinary_request() -> None:
    """Byte for byte."""
    assert sent(Attack()) == HEAD + b"Content-Length: 15\r\n\r\n" + BODY


@pytest.mark.parametrize(
    ("attack", "expected"),
    [
        (
            Attack(method="put", target="*", version="HTTP/9", drop=("host", "content-type"), newline="\n"),
            b"put * HTTP/9\nContent-Length: 15\n\n" + BODY,
        ),
        (
            Attack(target="{origin}{path}", query=(Piece("a=%"), Piece("b", 3)), body=()),
            HEAD.replace(b"/chat?v=1", b"http://127.0.0.1:8000/chat?a=%bbb") + b"Content-Length: 0\r\n\r\n",
        ),
        (
            Attack(query=(Piece("\xff"),), headers=(Piece("X: \xc3\0\r\n", 2),), before=(Piece("!"),)),
            b"!"
            + HEAD.replace(b"v=1", b"v=1&\xff")
            + b"Content-Length: 15\r\nX: \xc3\0\r\nX: \xc3\0\r\n\r\n"
            + BODY,
        ),
        (
            Attack(framing=Framing(("{half}", "{more}, 0x{x}"), ("chunked",)), after=(Piece("+"),)),
            HEAD
            + b"Content-Length: 7\r\nContent-Length: 25, 0xf\r\nTransfer-Encoding: chunked\r\n\r\n"
            + BODY
            + b"+",
        ),
        (
            Attack(framing=Framing((), ("chunked",), "{x};e", "|", 10, "0!")),
            HEAD + b'Transfer-Encoding: chunked\r\n\r\na;e\r\n{"input": |5;e\r\n"Hi"}|0!',
        ),
        (
            Attack(body=(Piece("#,", 11, numbered=True), Piece(part=Part.AFTER_BRACE))),
            HEAD + b'Content-Length: 37\r\n\r\n0,1,2,3,4,5,6,7,8,9,10,"input": "Hi"}',
        ),
        (
            Attack(body=(Piece(part=Part.UNTIL_PROMPT, charset="utf-16-le"),)),
            HEAD + b"Content-Length: 26\r\n\r\n" + '{"input": "Hi'.encode("utf-16-le"),
        ),
        (Attack(timing=Timing(stop_at=0.0)), b""),
        (Attack(timing=Timing(stop_at=1.0)), HEAD + b"Content-Length: 15\r\n\r\n"),
        (Attack(timing=Timing(stop_at=1.5)), HEAD + b"Content-Length: 15\r\n\r\n" + BODY[:7]),
        (Attack(pipelined=2), (HEAD + b"Content-Length: 15\r\n\r\n" + BODY) * 2),
    ],
)  # fmt: skip - recipe and bytes side by side
def test_bytes_are_what_the_recipe_says(attack: Attack, expected: bytes) -> None:
    """Method, target, query, headers, lengths, codings, chunks, parts, charsets, ends, repetition."""
    assert sent(attack) == expected


def test_half_a_head() -> None:
    """Stopping in the middle of the head leaves half of it."""
    whole = HEAD + b"Content-Length: 15\r\n\r\n"
    assert sent(Attack(timing=Timing(stop_at=0.5))) == whole[: len(whole) // 2]


@pytest.mark.parametrize(
    ("codings", "unpack"),
    [
        (("gzip",), gzip.decompress),
        (("deflate",), zlib.decompress),
        (("gzip", "gzip"), lambda data: gzip.decompress(gzip.decompress(data))),
    ],
)
def test_compressed_bodies_unpack(codings: tuple[str, ...], unpack) -> None:
    """The length is that of the compressed body, so that it is valid HTTP."""
    attack = Attack(body=(Piece(" ", 3_000_000), Piece(part=Part.WHOLE)), compression=codings)
    head, _, body = sent(attack).partition(b"\r\n\r\n")
    assert b"Content-Length: %d" % len(body) in head
    assert len(body) < 10_000
    assert unpack(body) == b" " * 3_000_000 + BODY


def test_a_request_without_body_has_no_length() -> None:
    """GET says nothing of a body unless the attack gives it one."""
    golden = replace(GOLDEN, method="GET", body=None)
    assert b"Content-Length" not in sent(Attack(), golden)
    assert sent(Attack(body=(Piece("x"),)), golden).endswith(b"Content-Length: 1\r\n\r\nx")


def test_pauses_lie_between_the_steps() -> None:
    """As many pauses as steps less one, in head and body, shortened by the pace."""
    attack = Attack(timing=Timing(head_steps=3, body_steps=4, pause_s=2.0))
    steps = list(Script.of(attack, GOLDEN, pace=0.5).steps())
    pauses = [step for step in steps if isinstance(step, float)]
    assert pauses == [1.0] * 6
    assert b"".join(step for step in steps if isinstance(step, bytes)) == sent(Attack())
    assert len(steps) == 13
    assert attack.timing.seconds == pytest.approx(10)


@given(st.lists(st.binary(max_size=30), max_size=6), st.integers(1, 8))
@settings(deadline=None)
def test_steps_lose_nothing(parts: list[bytes], steps: int) -> None:
    """Whatever the blocks are, cutting them into steps keeps the bytes and makes at most that many."""
    whole = b"".join(parts)
    made = list(stepped(iter(parts), len(whole), steps, 0.5))
    assert b"".join(step for step in made if isinstance(step, bytes)) == whole
    pauses = sum(isinstance(step, float) for step in made)
    assert pauses <= steps - 1
    if len(whole) >= 2 * steps:
        assert pauses == steps - 1


@given(
    st.lists(
        st.builds(
            Piece,
            st.text("ab#\xff", max_size=5),
            st.integers(0, 300_000),
            st.booleans(),
            st.sampled_from(Part),
        ),
        max_size=3,
    )
)
@settings(max_examples=25, deadline=None)
def test_blocks_are_never_large(pieces: list[Piece]) -> None:
    """However often a piece is repeated, one block is at most as large as two units or ``BLOCK``."""
    for block in blocks(tuple(pieces), GOLDEN):
        assert len(block) <= 2 * BLOCK


def test_fifty_megabytes_take_no_memory() -> None:
    """The largest attack is written block by block."""
    info = operators.get("payload_size_attack.body_50mb")
    draft = info.function(Source("Hi"), Random(0), 0.3)
    assert draft is not None
    assert draft.attack is not None
    tracemalloc.start()
    size = sum(len(step) for step in Script.of(draft.attack, GOLDEN).steps() if isinstance(step, bytes))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert size > 50_000_000
    assert peak < 2_000_000


@pytest.mark.parametrize("name", [n for n, info in operators.items() if info.kind is Kind.PROTOCOL])
def test_every_attack_can_be_written(name: str) -> None:
    """Every operator's script runs, with JSON, with a form, and without a body, and fits into its pauses."""
    draft = operators.get(name).function(Source("Hi"), Random(1), 0.0)
    assert draft is not None
    assert draft.attack is not None
    bodiless = replace(GOLDEN, method="GET", body=None)
    form = replace(GOLDEN, body=(b"input=Hi", b""))
    heavy = draft.attack.compression or name.endswith("million_keys")
    for golden in (GOLDEN,) if heavy else (GOLDEN, form, bodiless):
        script = Script.of(draft.attack, golden)
        size = sum(len(step) for step in script.steps() if isinstance(step, bytes))
        if draft.attack.timing.stop_at >= 2:
            assert size > script.length
        elif draft.attack.timing.stop_at == 0:
            assert size == 0
        else:
            assert size > 0
    assert draft.attack.timing.seconds <= 6.5
