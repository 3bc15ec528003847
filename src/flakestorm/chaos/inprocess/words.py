"""The port to a client library: what it raises when a connection fails, in its own exceptions."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Protocol


class Words(Protocol):
    """What the caller of one library sees. Made for one call."""

    @property
    def patience_s(self) -> float | None:
        """Seconds after which the caller's own read timeout ends a silence; None means never."""
        ...

    def ended(self, error: BaseException, begun: bool) -> str:
        """How a call ended in which the real thing raised ``error``; ``begun`` says the answer had begun."""
        ...

    def refused(self) -> Exception:
        """Nobody listens."""
        ...

    def reset(self) -> Exception:
        """The connection breaks before there is an answer."""
        ...

    def lost(self) -> Exception:
        """The connection breaks after the other side has done its work."""
        ...

    def closed(self) -> Exception:
        """The connection ends in good order without an answer."""
        ...

    def timed_out(self) -> Exception:
        """The caller's own read timeout."""
        ...

    def cut(self) -> Exception:
        """The connection breaks in the body."""
        ...

    def short(self) -> Exception:
        """The body has fewer bytes than were announced."""
        ...

    def bad_chunk(self) -> Exception:
        """The body's framing is illegal."""
        ...


Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer on its way to blocking code. ``close`` lets go of the connection and may come twice.

    ``body`` is what ``pieces`` have, where all of it is there at once; else None.
    """

    status: int
    headers: Headers
    pieces: Iterator[bytes]
    close: Callable[[], None]
    body: bytes | None = None


@dataclass(frozen=True, slots=True)
class AsyncReply:
    """The same for async code. ``drop`` notes that nobody reads on; it lets go of nothing."""

    status: int
    headers: Headers
    pieces: AsyncIterator[bytes]
    close: Callable[[], Awaitable[None]]
    drop: Callable[[], None] = lambda: None
    body: bytes | None = None
