"""Remembers conversations of the Responses API, which clients continue by the id of the last response."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from time import time

from aiohttp import web

from flakestorm.testing.refused import Refused
from flakestorm.testing.responses_reply import Response
from flakestorm.testing.responses_request import ResponsesRequest, responses_request
from flakestorm.testing.script import Message, Reply

KEPT = 1000
"""So many conversations are remembered, the latest ones."""


class ResponsesMemory:
    """Reads requests and writes responses; what is between them it keeps."""

    def __init__(self) -> None:
        self._conversations: OrderedDict[str, tuple[Message, ...]] = OrderedDict()

    def read(self, _request: web.Request, raw: bytes, models: Sequence[str]) -> ResponsesRequest:
        """The request in ``raw``. Raises ``Refused``."""
        return responses_request(raw, models, self._recall)

    def write(self, asked: ResponsesRequest, reply: Reply, number: int) -> Response:
        """``reply`` as a response that is given now, and remembered unless ``store`` is false."""
        made = Response(asked, reply, number, int(time()))
        if asked.settings.get("store", True):
            said = Message("assistant", reply.text, made.calls)
            self._conversations[made.id] = (*asked.conversation, said)
            if len(self._conversations) > KEPT:
                self._conversations.popitem(last=False)
        return made

    def _recall(self, response_id: str) -> Sequence[Message]:
        found = self._conversations.get(response_id)
        if found is None:
            message = f"Previous response with id '{response_id}' not found."
            raise Refused(400, message, "previous_response_id", "previous_response_not_found")
        return found
