"""A process that makes the trials of a plan and does nothing else; started as ``python -m``.

Standard input brings the plan, standard output takes its disturbed trials, a batch at a time. Whoever reads
them sets the pace, and when nobody does any more, it ends.
"""

from __future__ import annotations

import os
import signal
from typing import BinaryIO

from flakestorm.core.plan_batches import Order, batches, known_operators
from flakestorm.frames import frame, read_frame
from flakestorm.loop import rarely_collecting


def serve(source: BinaryIO, target: BinaryIO) -> None:
    """Make what ``source`` orders, or nothing where other operators are registered here.

    A user's plugin may have registered some there, without which other mutations would be made.
    """
    order: Order = read_frame(source)
    if order.operators == known_operators():
        for batch in batches(order):
            target.write(frame(batch))
            target.flush()


def main() -> None:
    """Serve on standard input and output."""
    # Ctrl-C reaches the whole group; this process ends when flakestorm lets go of it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # There is a stock of trials in the pipe; what they are sent and judged by has the right of way.
    os.nice(10)
    try:
        with rarely_collecting():
            serve(os.fdopen(0, "rb"), os.fdopen(os.dup(1), "wb"))
    except BrokenPipeError:
        # Nor may Python try to flush what is left when it ends.
        os._exit(0)


if __name__ == "__main__":
    main()
