"""What firing faults do to one call, in words that the gateway and the in-process hooks both understand."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Literal, Protocol, TypeAlias


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer. ``headers`` keep their order and may repeat; framing headers are not among them."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


@dataclass(frozen=True, slots=True)
class Pause:
    """Nothing is sent for ``ms`` milliseconds."""

    ms: float


class Ending(Enum):
    """How a stream ends before its time."""

    RESET = "reset"
    """The connection breaks."""
    CLEAN = "clean"
    """The body ends as if that were all."""
    HANG = "hang"
    """Nothing more comes, and the connection stays open."""


Step: TypeAlias = "bytes | Pause | Ending"
"""What a shaper asks for: bytes to pass on, a pause, or the end."""


class Shaper(Protocol):
    """Changes a body while it passes through, piece by piece; made anew for each call."""

    def feed(self, data: bytes) -> Iterable[Step]:
        """What becomes of the next bytes from upstream; after an ``Ending`` nothing more is fed."""
        ...

    def finish(self) -> Iterable[Step]:
        """What comes after the last bytes from upstream."""
        ...


Connection = Literal["", "refused", "reset", "hang"]
"""What happens instead of an answer: as if nobody listened, a reset, or silence."""

Framing = Literal["", "wrong_length", "bad_chunk"]
"""How the body's framing is broken: fewer bytes than announced, or an illegal chunk."""


@dataclass(frozen=True, slots=True)
class Effect:
    """What happens to one call, in this order. The one without arguments leaves the call alone.

    ``fired`` names the faults: an LLM or tool fault by its ``mode``, a context attack by its ``type``. While
    the call is open these are the decided ones; ``Faulty.ended`` tells which of them changed something.
    ``held`` has the faults that matched the call and did not fire, as ``mode: reason``.

    After ``delay_ms`` the ``connection`` fails (a hang lasts ``hang_ms``, then the connection closes), or
    ``answer`` is given without asking upstream. Otherwise the request, changed by ``request``, goes
    upstream. With ``lost`` its answer is read and thrown away and the caller's connection breaks. A whole
    answer is changed by ``rewrite``; a streamed one by a new ``shaper()``; where only ``shaper`` is set,
    whole answers go through it as well, as one piece. ``framing`` breaks the transfer.
    """

    fired: tuple[str, ...] = ()
    held: tuple[str, ...] = ()
    delay_ms: float = 0.0
    connection: Connection = ""
    hang_ms: float = 0.0
    answer: Answer | None = None
    request: Callable[[bytes], bytes] | None = None
    lost: bool = False
    rewrite: Callable[[Answer], Answer] | None = None
    shaper: Callable[[], Shaper] | None = None
    framing: Framing = ""

    @property
    def is_nothing(self) -> bool:
        """Whether the call passes through as it is, and nobody looks at its answer."""
        return not self.fired and self.rewrite is None and self.shaper is None


NOTHING = Effect()
