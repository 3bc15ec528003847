"""What the agent got in one call: the beginning as evidence, the tokens, and whether a stream was whole."""

from __future__ import annotations

import re

from flakestorm.model.outcome import KEPT_CHARACTERS

HEAD = 4 * KEPT_CHARACTERS
"""Bytes that are kept from the beginning: a character of UTF-8 has four at most."""

TAIL = 8192
"""Bytes that are kept from the end, where streams say what they cost."""

_COUNTS = tuple(
    re.compile(rb'"' + name + rb'"\s*:\s*(\d{1,12})')
    for name in (rb"total_tokens", rb"totalTokenCount", rb"prompt_eval_count", rb"eval_count")
)
_INPUT = re.compile(rb'"input_tokens"\s*:\s*(\d{1,12})')
_OUTPUT = re.compile(rb'"output_tokens"\s*:\s*(\d{1,12})')
_TERMINATOR = re.compile(
    rb'data:\s*\[DONE\]|"type"\s*:\s*"(?:message_stop|response\.(?:completed|incomplete|failed))"'
    rb'|"done"\s*:\s*true|"finishReason"\s*:\s*"'
)


class Received:
    """Collects the beginning and the end of a body, whatever its length; ``size`` is in bytes."""

    def __init__(self) -> None:
        self.size = 0
        self._head = bytearray()
        self._tail = bytearray()

    def add(self, data: bytes) -> None:
        """The agent got ``data``."""
        self.size += len(data)
        room = HEAD - len(self._head)
        if room > 0:
            self._head += data[:room]
            data = data[room:]
        if len(data) >= TAIL:
            self._tail[:] = data[-TAIL:]
        elif data:
            self._tail += data
            if len(self._tail) > 2 * TAIL:
                del self._tail[:-TAIL]

    @property
    def text(self) -> str:
        """The beginning, as text."""
        return self._head.decode("utf-8", "replace")[:KEPT_CHARACTERS]

    @property
    def is_terminated(self) -> bool:
        """Whether a stream has had its last word: an SDK then closes it without reading to the end."""
        return _TERMINATOR.search(self._ends()) is not None

    @property
    def tokens(self) -> int | None:
        """The tokens that the answer says it cost, None where it does not say; the last count counts."""
        text = self._ends()
        total, google, prompt, answer = (_last(pattern, text) for pattern in _COUNTS)
        if total is not None or google is not None:
            return total if total is not None else google
        if answer is not None:
            return answer + (prompt or 0)
        given, made = _last(_INPUT, text), _last(_OUTPUT, text)
        return None if given is None and made is None else (given or 0) + (made or 0)

    def _ends(self) -> bytes:
        return bytes(self._head) + bytes(self._tail)


def _last(pattern: re.Pattern[bytes], text: bytes) -> int | None:
    found = pattern.findall(text)
    return int(found[-1]) if found else None
