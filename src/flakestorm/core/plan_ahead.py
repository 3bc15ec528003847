"""A plan whose trials are made by a process of their own, ahead of the run that takes them.

Making a mutation takes a third of what a trial costs here, and one Python process uses one core. The trials
are the same ones in the same order, whoever makes them: until that process is ready, and should it ever end,
they are made here.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from itertools import islice

from flakestorm.core.plan import Plan, Planned
from flakestorm.core.plan_batches import BATCH, Batch, Order, known_operators
from flakestorm.frames import Frames, frame, worker
from flakestorm.model.record import TrialRecord
from flakestorm.model.trial import Trial
from flakestorm.mutations.engine import Mutator

PIPE_BYTES = 1 << 20
"""How much is made ahead: some hundreds of trials, where the system allows it."""


class PlanAhead:
    """``plan``, with the batches of a process that makes its disturbed trials behind the pipe ``source``."""

    def __init__(self, plan: Plan, mutator: Mutator, source: int) -> None:
        self._plan = plan
        self._notes = mutator.notes
        self._source = source
        self._frames = Frames()
        self._prompts = {prompt.id: prompt for prompt in plan.prompts}

    def control(self) -> Iterator[Trial]:
        """The trials in which nothing is disturbed."""
        return self._plan.control()

    def rounds(self) -> Iterator[Iterator[Trial]]:
        """All disturbed trials as one round."""
        yield self._disturbed()

    def attacks(self) -> Iterator[Trial]:
        """The trials that attack the protocol."""
        return self._plan.attacks()

    def planned(self) -> int:
        """How many trials there will be at most."""
        return self._plan.planned()

    def observe(self, record: TrialRecord) -> None:
        """Nothing is learnt on the way."""

    def _disturbed(self) -> Iterator[Trial]:
        here = self._plan.disturbed()
        taken = 0
        while not (arrived := self._arrived(taken)):
            trials = list(islice(here, BATCH))
            yield from trials
            taken += len(trials)
            if len(trials) < BATCH:
                return
        for batch in self._from(arrived):
            if not batch.trials:
                return
            new = batch.trials[max(0, taken - batch.first) :]
            self._notes.extend(batch.notes)
            for id_, prompt, repeat, mutation in new:
                yield Trial(id_, self._prompts[prompt], mutation, repeat=repeat)
            taken += len(new)
        yield from islice(self._plan.disturbed(), taken, None)

    def _arrived(self, taken: int) -> list[Batch]:
        """What has arrived of the trials from number ``taken`` on; what lies before is dropped."""
        os.set_blocking(self._source, False)
        try:
            while data := os.read(self._source, PIPE_BYTES):
                batches = [batch for batch in self._frames.feed(data) if batch.first + BATCH > taken]
                if batches:
                    return batches
        except BlockingIOError:
            pass
        return []

    def _from(self, arrived: list[Batch]) -> Iterator[Batch]:
        """``arrived`` and all that follows; where this side is faster it waits, as it would to make them."""
        yield from arrived
        os.set_blocking(self._source, True)
        while data := os.read(self._source, PIPE_BYTES):
            yield from self._frames.feed(data)


@asynccontextmanager
async def made_ahead(plan: Planned, mutator: Mutator) -> AsyncIterator[Planned]:
    """``plan``, made by a process of its own where it is the even plan of all mutations of ``mutator``."""
    if not isinstance(plan, Plan) or not _can_be_made_elsewhere(plan, mutator):
        yield plan
        return
    source, target = os.pipe()
    _enlarge(target)
    try:
        process = await asyncio.create_subprocess_exec(
            *worker("flakestorm.core.plan_process"),
            stdin=asyncio.subprocess.PIPE,
            stdout=target,
            stderr=asyncio.subprocess.DEVNULL,
        )
    except BaseException:
        os.close(source)
        raise
    finally:
        os.close(target)
    try:
        assert process.stdin is not None  # noqa: S101 - a pipe was asked for; this is for the type checker
        process.stdin.write(frame(Order(plan, mutator, known_operators())))
        process.stdin.close()
        yield PlanAhead(plan, mutator, source)
    finally:
        os.close(source)
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


def _can_be_made_elsewhere(plan: Plan, mutator: Mutator) -> bool:
    # Windows has no pipes that can be asked whether anything is in them.
    return plan.selection is None and plan.mutate == mutator.mutations and sys.platform != "win32"


def _enlarge(pipe: int) -> None:
    """Make room in ``pipe``, where the system can: Linux, up to what it allows everybody."""
    try:
        import fcntl

        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
    except (ImportError, AttributeError, OSError):
        pass
