"""Faults of streams that need no look at what the events say: pauses, cuts, slowness."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from flakestorm.chaos.effect import Ending, Pause, Step
from flakestorm.chaos.faults.stream.events import Event, Events

Test = Callable[[Event], bool]

SLICES_PER_SECOND = 10
"""How often a slow connection delivers something."""


class EventShaper:
    """Passes events on as they are; what is made of it overrides ``event``."""

    def __init__(self) -> None:
        self._events = Events()

    def feed(self, data: bytes) -> Iterator[Step]:
        """See ``Shaper``."""
        for event in self._events.feed(data):
            for step in self.event(event):
                yield step
                if isinstance(step, Ending):
                    return

    def finish(self) -> Iterator[Step]:
        """See ``Shaper``."""
        rest = self._events.rest()
        if rest:
            yield rest

    def event(self, event: Event) -> Iterator[Step]:
        """What becomes of one event."""
        yield event.raw


class Slow(EventShaper):
    """A pause before each event that says something."""

    def __init__(self, delay_ms: float) -> None:
        super().__init__()
        self._delay_ms = delay_ms

    def event(self, event: Event) -> Iterator[Step]:
        """See ``EventShaper``."""
        if event.data:
            yield Pause(self._delay_ms)
        yield event.raw


class LateStart:
    """A pause before the first byte."""

    def __init__(self, delay_ms: float) -> None:
        self._delay_ms = delay_ms

    def feed(self, data: bytes) -> Iterator[Step]:
        """See ``Shaper``."""
        if self._delay_ms:
            yield Pause(self._delay_ms)
            self._delay_ms = 0
        yield data

    def finish(self) -> Iterator[Step]:
        """See ``Shaper``."""
        yield from ()


class EndAfter(EventShaper):
    """Ends after so many events that say something, in any case before the one that says "complete".

    ``last_words`` makes what is still sent then.
    """

    def __init__(
        self,
        count: int,
        ending: Ending,
        is_last: Test,
        last_words: Callable[[Event], bytes] = lambda event: b"",  # noqa: ARG005 - nothing is said by default
    ) -> None:
        super().__init__()
        self._left = count
        self._ending = ending
        self._is_last = is_last
        self._last_words = last_words

    def event(self, event: Event) -> Iterator[Step]:
        """See ``EventShaper``."""
        if event.data and (self._left <= 0 or self._is_last(event)):
            words = self._last_words(event)
            if words:
                yield words
            yield self._ending
            return
        self._left -= bool(event.data)
        yield event.raw


class Narrow:
    """Bytes pass at a limited rate, whatever they are."""

    def __init__(self, bytes_per_s: int) -> None:
        self._rate = bytes_per_s
        self._size = max(1, bytes_per_s // SLICES_PER_SECOND)

    def feed(self, data: bytes) -> Iterator[Step]:
        """See ``Shaper``."""
        for start in range(0, len(data), self._size):
            piece = data[start : start + self._size]
            yield Pause(1000 * len(piece) / self._rate)
            yield piece

    def finish(self) -> Iterator[Step]:
        """See ``Shaper``."""
        yield from ()


class Once(EventShaper):
    """Puts something else in the place of the first event that fits."""

    def __init__(self, fits: Test, instead: Callable[[Event], bytes]) -> None:
        super().__init__()
        self._fits = fits
        self._instead = instead
        self._done = False

    def event(self, event: Event) -> Iterator[Step]:
        """See ``EventShaper``."""
        if not self._done and event.data and self._fits(event):
            self._done = True
            yield self._instead(event)
        else:
            yield event.raw


class EachEvent(EventShaper):
    """Changes every event; one that becomes empty is left out."""

    def __init__(self, change: Callable[[Event], bytes]) -> None:
        super().__init__()
        self._change = change

    def event(self, event: Event) -> Iterator[Step]:
        """See ``EventShaper``."""
        changed = self._change(event) if event.data else event.raw
        if changed:
            yield changed
