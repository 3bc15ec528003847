"""Remembers the answers of a trial, for faults that give an old one again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from flakestorm.chaos.effect import Answer, Effect, Shaper, Step
from flakestorm.chaos.request import CallRequest

MOST_BYTES = 4_000_000
"""A larger answer is not kept: a trial must not fill the memory."""

MOST_ANSWERS = 20
"""So many answers of each tool or model are kept, the oldest ones."""

_STREAM_TYPES = {"ollama": "application/x-ndjson", "google": "text/event-stream"}
_EVENT_STREAM = "text/event-stream; charset=utf-8"

Key = tuple[str, str, str, bool]


class Memory:
    """The good answers so far, by what was called and how."""

    def __init__(self) -> None:
        self._answers: dict[Key, tuple[Answer, ...]] = {}

    def earlier(self, request: CallRequest) -> tuple[Answer, ...]:
        """What the same tool or model answered before, oldest first."""
        return self._answers.get(_key(request), ())

    def watching(self, effect: Effect, request: CallRequest) -> Effect:
        """``effect``, with the upstream's answer remembered before anything changes it."""
        if effect.answer is not None or effect.connection or effect.lost:
            return effect

        def kept(answer: Answer) -> Answer:
            if answer.status < 300:
                self._keep(request, answer)
            return answer

        change = effect.rewrite
        rewrite = kept if change is None else _then(kept, change)
        if not request.stream and effect.shaper is not None and effect.rewrite is None:
            # A shaper alone gets whole answers as well; with a rewrite beside it, it would not.
            return effect
        shaper = effect.shaper if not request.stream else self._listening(request, effect.shaper)
        return replace(effect, rewrite=rewrite, shaper=shaper)

    def _listening(self, request: CallRequest, behind: Callable[[], Shaper] | None) -> Callable[[], Shaper]:
        def keep(body: bytes) -> None:
            kind = _STREAM_TYPES.get(request.provider, _EVENT_STREAM)
            self._keep(request, Answer(200, (("content-type", kind),), body))

        return lambda: Listener(keep, behind() if behind else None)

    def _keep(self, request: CallRequest, answer: Answer) -> None:
        known = self._answers.get(_key(request), ())
        if len(known) < MOST_ANSWERS and len(answer.body) <= MOST_BYTES:
            self._answers[_key(request)] = (*known, answer)


def _key(request: CallRequest) -> Key:
    return request.kind, request.name, request.provider, request.stream


def _then(
    first: Callable[[Answer], Answer], second: Callable[[Answer], Answer]
) -> Callable[[Answer], Answer]:
    return lambda answer: second(first(answer))


class Listener:
    """A shaper that keeps a copy of what passes, and passes it to the shaper behind it, if any."""

    def __init__(self, keep: Callable[[bytes], None], behind: Shaper | None) -> None:
        self._keep = keep
        self._behind = behind
        self._heard = bytearray()

    def feed(self, data: bytes) -> Iterator[Step]:
        """See ``Shaper``."""
        if len(self._heard) <= MOST_BYTES:
            self._heard += data
        if self._behind is None:
            yield data
        else:
            yield from self._behind.feed(data)

    def finish(self) -> Iterator[Step]:
        """See ``Shaper``."""
        self._keep(bytes(self._heard))
        if self._behind is not None:
            yield from self._behind.finish()
