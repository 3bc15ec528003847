"""A gate at which clients wait for each other, so that their last bytes leave at the same moment."""

from __future__ import annotations

import asyncio

from flakestorm.agents.wire.patience import is_set

LONGEST_S = 2.0
"""A client that never comes must not hold up the others."""


class Gate:
    """Opens when ``expected`` clients have arrived or given up."""

    def __init__(self, expected: int) -> None:
        self._expected = expected
        self._seen = 0
        self._open = asyncio.Event()

    async def arrive(self) -> None:
        """Wait for the others, ``LONGEST_S`` at most."""
        self._count()
        await is_set(self._open, LONGEST_S)
        self._open.set()

    def leave(self) -> None:
        """Do not wait for this client (any more)."""
        self._count()

    def _count(self) -> None:
        # Whoever arrives also leaves, but then the gate is open already and the count does not matter.
        self._seen += 1
        if self._seen >= self._expected:
            self._open.set()
