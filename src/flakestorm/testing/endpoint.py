"""One exchange, whatever the format: the request is read, the script asked, the answer written."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Generic, TypeAlias, TypeVar

from aiohttp import web

from flakestorm.testing.body import encoded
from flakestorm.testing.port import Asked, Backend, Dialect, Written
from flakestorm.testing.refused import Refused
from flakestorm.testing.script import Failure, Reply

AskedT = TypeVar("AskedT", bound=Asked)
Read: TypeAlias = Callable[[web.Request, bytes, Sequence[str]], AskedT]
"""Understands a request with that body for one of these models (none: any), or raises ``Refused``."""
Write: TypeAlias = Callable[[AskedT, Reply, int], Written]
"""Puts a reply to a request into words, as answer of that number."""


class Endpoint(Generic[AskedT]):
    """A route that answers as the script says."""

    def __init__(
        self,
        backend: Backend,
        dialect: Dialect,
        read: Read[AskedT],
        write: Write[AskedT],
    ) -> None:
        self._backend = backend
        self._dialect = dialect
        self._read = read
        self._write = write

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """The answer to ``request``, whole or streamed, or an error in the provider's shape."""
        number = self._backend.number()
        try:
            self._dialect.check(request, self._backend.api_key)
            asked = self._read(request, await request.read(), self._backend.models)
            written = self._write(asked, await self._reply(asked), number)
        except Refused as refused:
            return error_response(self._dialect, request, refused, number)
        headers = self._dialect.headers(number)
        if not asked.stream:
            return json_response(written.body(), headers=headers)
        return await _streamed(request, written, headers)

    async def _reply(self, asked: AskedT) -> Reply:
        if not asked.messages:
            # Only Ollama lets this through, as the order to load the model.
            return Reply()
        answer = await self._backend.answer(asked.messages, asked.tools)
        if isinstance(answer, Failure):
            raise Refused.scripted(answer)
        if answer.delay_s:
            await asyncio.sleep(answer.delay_s)
        return answer


def json_response(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    """A JSON answer."""
    return web.Response(
        body=encoded(value), status=status, headers=headers, content_type="application/json", charset="utf-8"
    )


def error_response(dialect: Dialect, request: web.Request, refused: Refused, number: int) -> web.Response:
    """An error in the words of ``dialect``; the script's headers win."""
    headers = {**dialect.headers(number), **refused.headers}
    return json_response(dialect.error(request, refused, number), refused.status, headers)


async def _streamed(request: web.Request, written: Written, headers: Mapping[str, str]) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": written.media_type, **headers})
    await response.prepare(request)
    for piece in written.stream():
        await response.write(piece)
    await response.write_eof()
    return response
