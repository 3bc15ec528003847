"""Attributes that are replaced for a while, and put back exactly as they were."""

from __future__ import annotations

from collections.abc import Callable, MutableMapping, MutableSequence
from typing import Any


class Patches:
    """Replacements, undone in the opposite order.

    What somebody else has put in the place of a replacement in the meantime is left there.
    """

    def __init__(self) -> None:
        self._undo: list[Callable[[], None]] = []

    def attribute(self, owner: Any, name: str, value: object) -> None:
        """Set ``owner.name``. What was inherited before is inherited again afterwards."""
        own = vars(owner)
        before = own.get(name, _INHERITED)
        setattr(owner, name, value)
        put = vars(owner)[name]

        def undo() -> None:
            if vars(owner).get(name) is not put:
                return
            if before is _INHERITED:
                delattr(owner, name)
            else:
                setattr(owner, name, before)

        self._undo.append(undo)

    def item(self, owner: MutableMapping[Any, Any] | MutableSequence[Any], key: Any, value: object) -> None:
        """Set ``owner[key]``, which exists."""
        before = owner[key]
        owner[key] = value

        def undo() -> None:
            try:
                ours = owner[key] is value
            except LookupError:
                return
            if ours:
                owner[key] = before

        self._undo.append(undo)

    def undo(self) -> None:
        """Put everything back."""
        while self._undo:
            self._undo.pop()()


_INHERITED = object()
