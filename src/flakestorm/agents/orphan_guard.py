"""A tiny program beside flakestorm that kills what flakestorm started, should flakestorm itself be killed.

It is run by its path, in a process of its own, and must import nothing of flakestorm. It reads lines from
standard input: ``+ID`` adds a process group, ``-ID`` takes it off the list. Only flakestorm holds the other
end of that pipe, so its end means that flakestorm is gone, even by ``kill -9``.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterable


def groups_left(lines: Iterable[str]) -> set[int]:
    """The groups that were added and not taken off again, once ``lines`` has ended."""
    groups: set[int] = set()
    for line in lines:
        group = int(line[1:])
        if line[0] == "+":
            groups.add(group)
        else:
            groups.discard(group)
    return groups


def main() -> None:
    """Wait for the end of standard input, then kill every group that is left."""
    for group in groups_left(sys.stdin):
        try:
            os.killpg(group, signal.SIGKILL)
        except OSError:
            # It ended in the meantime, or belongs to somebody else by now.
            pass


if __name__ == "__main__":
    main()
