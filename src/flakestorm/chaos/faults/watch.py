"""Proof of injection: notes which editing faults really changed something in a call."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from flakestorm.chaos.effect import Answer, Shaper, Step


class Changes:
    """The faults of one call, by their place, that changed something. Filled from any thread."""

    def __init__(self) -> None:
        self.places: set[int] = set()

    def request(self, place: int, change: Callable[[bytes], bytes]) -> Callable[[bytes], bytes]:
        """``change``, watched."""

        def watched(body: bytes) -> bytes:
            changed = change(body)
            if changed != body:
                self.places.add(place)
            return changed

        return watched

    def rewrite(self, place: int, change: Callable[[Answer], Answer]) -> Callable[[Answer], Answer]:
        """``change``, watched."""

        def watched(answer: Answer) -> Answer:
            changed = change(answer)
            if changed != answer:
                self.places.add(place)
            return changed

        return watched

    def shaper(self, place: int, make: Callable[[], Shaper]) -> Callable[[], Shaper]:
        """``make``, its shapers watched."""
        return lambda: Watched(make(), lambda: self.places.add(place))


class Watched:
    """Passes everything through ``inner``, and calls ``changed`` once when something else comes out.

    Bytes that are held back are no change until others come out in their place, or none at all at the end.
    """

    def __init__(self, inner: Shaper, changed: Callable[[], None]) -> None:
        self._inner = inner
        self._tell = changed
        self._told = False
        self._pending = bytearray()

    def feed(self, data: bytes) -> Iterator[Step]:
        """See ``Shaper``."""
        if not self._told:
            self._pending += data
        yield from self._compared(self._inner.feed(data))

    def finish(self) -> Iterator[Step]:
        """See ``Shaper``."""
        yield from self._compared(self._inner.finish())
        if self._pending:
            self._changed()

    def _compared(self, steps: Iterable[Step]) -> Iterator[Step]:
        for step in steps:
            if not self._told:
                if isinstance(step, bytes) and self._pending.startswith(step):
                    del self._pending[: len(step)]
                else:
                    self._changed()
            yield step

    def _changed(self) -> None:
        if not self._told:
            self._told = True
            self._pending.clear()
            self._tell()
