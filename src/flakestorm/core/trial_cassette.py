"""A cassette where the calls of one trial look for their answers, and where these are kept."""

from __future__ import annotations

from flakestorm.chaos.inprocess.remade import NOT_JSON, type_in
from flakestorm.chaos.recorded import Keep, Recorded, Recordings, Unrecorded
from flakestorm.chaos.request import CallRequest
from flakestorm.replay.cassette import NotInCassette, Take
from flakestorm.replay.recorded_call import Answered, Asked


class TrialCassette:
    """The ``Recordings`` and the ``Recorder`` of one trial; ``session`` is asked before the cassette."""

    def __init__(self, take: Take, session: Recordings | None = None) -> None:
        self._take = take
        self._session = session

    def answer(self, request: CallRequest) -> Recorded | None:
        """See ``Recordings``."""
        found = self._session.answer(request) if self._session is not None else None
        if found is not None:
            return found
        try:
            answered = self._take.answer(asked_of(request))
        except NotInCassette as missing:
            raise Unrecorded(str(missing)) from None
        if answered is None:
            return None
        kind = type_in(answered.headers)
        if kind.startswith(NOT_JSON):
            name = kind.removeprefix(NOT_JSON).replace(":", ".")
            raise Unrecorded(
                f"the tool '{request.name}' returned a {name}, which cannot be made again from a cassette. "
                "Tools that return text or plain JSON values can be played, and so can dataclasses and "
                "pydantic models of such values."
            )
        return Recorded(
            answered.status, answered.headers, answered.chunks, answered.latency_ms, answered.ended
        )

    def begin(self, request: CallRequest) -> Keep:
        """See ``Recorder``."""
        keep = self._take.begin(asked_of(request))

        def kept(recorded: Recorded) -> None:
            keep(
                Answered(
                    recorded.status, recorded.headers, recorded.chunks, recorded.latency_ms, recorded.ended
                )
            )

        return kept


def asked_of(request: CallRequest) -> Asked:
    """``request`` in the words of cassettes."""
    return Asked(
        request.kind,
        request.name,
        request.provider,
        request.method,
        request.url,
        request.headers,
        request.body,
    )
