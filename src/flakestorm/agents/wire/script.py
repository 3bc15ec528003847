"""The script of one connection: what is sent, byte for byte, and where the client pauses."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

from flakestorm.agents.wire.golden_request import GoldenRequest
from flakestorm.agents.wire.streams import BLOCK, blocks, chunked, compressed, cut, stepped
from flakestorm.model.attack import Attack, Part, Piece, Stream

GOLDEN_BODY: Stream = (Piece(part=Part.WHOLE),)

Step = bytes | float
"""Bytes to send, or seconds to pause."""


@dataclass(frozen=True, slots=True)
class Script:
    """One request as the attack disturbs it. ``length`` is that of the body before it is cut into chunks.

    ``packed`` is the body where it is compressed: of 100 MB of zeros 100 KB are left, and packing them takes
    too long to do it between the pauses of a client.
    """

    attack: Attack
    golden: GoldenRequest
    length: int
    pace: float = 1.0
    packed: bytes | None = None

    @classmethod
    def of(cls, attack: Attack, golden: GoldenRequest, pace: float = 1.0) -> Script:
        """The script with the body's length counted, which may take a second for a large one.

        All pauses are multiplied by ``pace``.
        """
        flow = _flow(attack, golden)
        if not attack.compression:
            return cls(attack, golden, sum(map(len, flow)), pace)
        packed = b"".join(compressed(flow, attack.compression))
        return cls(attack, golden, len(packed), pace, packed)

    @property
    def head_only(self) -> bool:
        """True when an answer has no body, because the method is HEAD."""
        return (self.attack.method or self.golden.method) == "HEAD"

    def steps(self) -> Iterator[Step]:
        """What to do, in order; bytes come in blocks that are neither tiny nor large."""
        return _coalesced(self._steps())

    def _steps(self) -> Iterator[Step]:
        attack, timing, pause = self.attack, self.attack.timing, self.attack.timing.pause_s * self.pace
        for _ in range(attack.pipelined):
            head = b"".join(chain(blocks(attack.before, self.golden), [self._head()]))
            if timing.stop_at < 1:
                head = head[: int(len(head) * timing.stop_at)]
            yield from stepped([head], len(head), timing.head_steps, pause)
            if timing.stop_at <= 1:
                return
            if timing.head_steps > 1 < timing.body_steps:
                yield pause
            body = chunked(self._body(), attack.framing)
            if timing.stop_at < 2:
                yield from cut(body, int(self.length * (timing.stop_at - 1)))
                return
            yield from stepped(body, self.length, timing.body_steps, pause)
            yield from blocks(attack.after, self.golden)

    def _head(self) -> bytes:
        attack, golden = self.attack, self.golden
        newline = attack.newline
        target = attack.target.replace("{target}", golden.target).replace("{path}", golden.url.raw_path)
        target = target.replace("{origin}", str(golden.url.with_user(None).origin()))
        query = b"".join(blocks(attack.query, golden))
        if query:
            target += "&" if "?" in target else "?"
        first = f"{attack.method or golden.method} {target}".encode("latin-1") + query
        rest = [f" {attack.version}" if attack.version else "", newline]
        for name, value in golden.headers:
            if name.lower() not in attack.drop:
                rest += [f"{name}: {value}", newline]
        rest += [f"{name}: {value}{newline}" for name, value in self._framing_lines()]
        lines = "".join(rest).encode("utf-8", "surrogateescape")
        own = b"".join(blocks(attack.headers, golden))
        return b"".join((first, lines, own, newline.encode("latin-1")))

    def _body(self) -> Iterator[bytes]:
        return _flow(self.attack, self.golden) if self.packed is None else iter([self.packed])

    def _framing_lines(self) -> Iterator[tuple[str, str]]:
        attack = self.attack
        if attack.body is None and self.golden.body is None:
            return
        values = {
            "{n}": self.length,
            "{half}": self.length // 2,
            "{more}": self.length + 10,
            "{x}": f"{self.length:x}",
        }
        for template in attack.framing.lengths:
            length = template
            for name, value in values.items():
                length = length.replace(name, str(value))
            yield "Content-Length", length
        for coding in attack.framing.codings:
            yield "Transfer-Encoding", coding


def _flow(attack: Attack, golden: GoldenRequest) -> Iterator[bytes]:
    """The body before it is compressed."""
    return blocks(GOLDEN_BODY if attack.body is None else attack.body, golden)


def _coalesced(steps: Iterator[Step]) -> Iterator[Step]:
    """``steps`` with small blocks joined: a byte at a time would cost a system call each."""
    gathered: list[bytes] = []
    size = 0
    for step in steps:
        if isinstance(step, bytes) and size + len(step) <= BLOCK:
            gathered.append(step)
            size += len(step)
            continue
        if size:
            yield b"".join(gathered)
            gathered, size = [], 0
        yield step
    if size:
        yield b"".join(gathered)
