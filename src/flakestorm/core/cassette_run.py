"""What a cassette asks of a run: who answers its calls, what is noted of it, and keys that are none."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from flakestorm.agents.config import AgentConfig
from flakestorm.chaos.inprocess.remade import NOT_JSON, type_in
from flakestorm.chaos.recorded import Recordings
from flakestorm.chaos.traffic import Faulty, Traffic
from flakestorm.core.trial_cassette import TrialCassette
from flakestorm.model.errors import UsageError
from flakestorm.model.redaction import Redactor
from flakestorm.model.run import RunInfo
from flakestorm.replay.cassette import Cassette, Mode, Written
from flakestorm.replay.hushing import named_secrets
from flakestorm.store.runs import RunFolder

CASSETTE = "cassette"
"""The name under which a run stores which cassette it was played from."""

NO_KEY = "flakestorm-plays-a-cassette"
KEYS = (
    *("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GEMINI_API_KEY", "GOOGLE_API_KEY", "MISTRAL_API_KEY"),
    *("AZURE_OPENAI_API_KEY", "GROQ_API_KEY", "COHERE_API_KEY", "DEEPSEEK_API_KEY", "OPENROUTER_API_KEY"),
)
"""Variables without which SDKs refuse to start, although nobody will see the key."""


@dataclass(frozen=True)
class CassetteWish:
    """Which cassette a run uses, and how. ``speed`` 1 waits as recorded, 2 half as long, 0 not at all."""

    path: Path
    mode: Mode = Mode.ONCE
    speed: float = 0.0


class CassetteRun:
    """The cassette of one run. ``stored`` is what an interrupted run, which now goes on, knew of its own.

    Raises ``UsageError`` where there is nothing to play or no place to record, and where another cassette is
    given than the run had.
    """

    def __init__(
        self,
        wish: CassetteWish,
        agent: AgentConfig,
        secrets: Iterable[str],
        target: str,
        stored: Mapping[str, Any] | None = None,
    ) -> None:
        mode = wish.mode
        if stored and stored["records"]:
            # What the first part recorded is there to be played, and the rest is not.
            mode = Mode.NEW if wish.path.exists() else Mode.ONCE
        known = {*secrets, *named_secrets(os.environ), *named_secrets(_variables(agent))}
        self.cassette = Cassette(wish.path, mode, known, wish.speed, target)
        self.written: Written | None = None
        self._agent = agent
        if stored and not stored["records"] and stored["digest"] != self.cassette.digest:
            raise UsageError(
                f"the run was played from a cassette with the digest {stored['digest']}, and {wish.path} has "
                f"{self.cassette.digest or 'none'}: going on with another one would mix two experiments. "
                f"Give the one that it was ({stored['path']})."
            )

    def traffic(
        self, trial_id: str, faults: Faulty | None, redact: Redactor, session: Recordings | None = None
    ) -> Traffic:
        """The traffic of an attempt at a trial; ``session`` has recorded tool responses of its own."""
        there = TrialCassette(self.cassette.take(trial_id), session)
        return Traffic(trial_id, faults, redact, there, there if self.cassette.records else None)

    def strays(self, redact: Redactor) -> Traffic:
        """The traffic of calls that belong to no trial: not even these reach anybody while it is played."""
        return self.traffic("", None, redact)

    def surroundings(self, others: Sequence[Mapping[str, str]]) -> list[dict[str, str]]:
        """``others`` with keys for an agent that has none."""
        return [{**self._missing_keys(), **lane} for lane in others]

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """While this is open, agents in this process find keys, too; what was recorded is then written.

        However the run ends: what was paid for is not lost. Raises ``WorkError`` where it cannot be written.
        """
        lent = self._missing_keys()
        os.environ.update(lent)
        try:
            yield
        finally:
            for name in lent:
                os.environ.pop(name, None)
            self.finish()

    def after_control(self) -> str:
        """Why the run ends after the control arm: a cassette of another agent answers nothing."""
        count = self.cassette.count
        if count.played or not count.missed or self.cassette.records:
            return ""
        return (
            f"none of the {count.missed} calls of the control arm is in the cassette {self.cassette.path} "
            f"({len(self.cassette.file.entries)} calls of {self.cassette.file.head.agent or 'an agent'}). Is "
            "it another agent's, or have its prompts changed? Record it with: flakestorm record "
            f"-o {self.cassette.path}"
        )

    def finish(self) -> None:
        """Write what was recorded. Raises ``WorkError`` where that is impossible."""
        if self.written is None:
            self.written = self.cassette.write()

    def noted(self, info: RunInfo) -> RunInfo:
        """``info`` with what the cassette has to say; the run is over, and what it recorded gets written."""
        self.finish()
        notes = tuple(dict.fromkeys((*info.notes, *self.notes())))
        return replace(info, notes=notes, cassette=self.cassette.digest)

    def notes(self) -> Iterator[str]:
        """What the report has to say of it, so that nobody takes its numbers for those of live calls."""
        cassette, count = self.cassette, self.cassette.count
        if cassette.recovered:
            yield (
                f"{cassette.recovered:,} calls for {cassette.path} are those that a recording had made "
                "before it was interrupted"
            )
        if cassette.file.digest:
            yield (
                f"Played from the cassette {cassette.path} (digest {cassette.digest}, recorded "
                f"{cassette.file.head.recorded_at}): {count.played:,} calls got recorded answers, so these "
                "are no scores of live models and tools."
            )
        if count.loosely:
            yield f"{count.loosely:,} of them were found in the cassette only apart from dates and random ids"
        if count.missed:
            yield (
                f"{count.missed:,} calls were not in the cassette and not made; their trials are errored. "
                "--cassette-mode new makes and records them"
            )
        if self.written is not None:
            yield (
                f"{len(self.written.entries):,} calls were recorded in {cassette.path} "
                f"(digest {self.written.digest or 'none: no file was written'})"
            )

    @property
    def unplayable(self) -> frozenset[str]:
        """The tools whose recorded results cannot be made again."""
        return frozenset(
            str(json.loads(entry.request)["name"])
            for entry in (self.written.entries if self.written is not None else ())
            if type_in(entry.answer.headers).startswith(NOT_JSON)
        )

    def to_dict(self) -> dict[str, Any]:
        """What a run stores, so that it goes on with the same cassette."""
        return {
            "path": str(self.cassette.path),
            "digest": self.cassette.digest,
            "records": self.cassette.records,
        }

    def _missing_keys(self) -> dict[str, str]:
        if not self.cassette.plays:
            return {}
        given = {**os.environ, **_variables(self._agent)}
        return {name: NO_KEY for name in KEYS if not given.get(name)}


def cassette_run(
    wish: CassetteWish | None,
    agent: AgentConfig,
    secrets: Iterable[str],
    target: str,
    resumed: Mapping[str, Any] | None,
) -> CassetteRun | None:
    """The cassette of a run, None without one; ``resumed`` are the facts of a run that goes on.

    Raises ``UsageError``, also where only one of both parts of a run has a cassette.
    """
    stored = resumed.get(CASSETTE) if resumed is not None else None
    if wish is None:
        if stored:
            raise UsageError(
                f"the run was begun with a cassette; go on with it by: --resume --cassette {stored['path']}"
            )
        return None
    if resumed is not None and not stored:
        raise UsageError(
            "the run was begun without a cassette, so its other part cannot be played from one: "
            "leave --cassette away."
        )
    return CassetteRun(wish, agent, secrets, target, stored)


def _variables(agent: AgentConfig) -> dict[str, str]:
    return {**agent.env, **(agent.serve.env if agent.serve is not None else {})}


def facts_of(resume: str | None, folder: RunFolder) -> Mapping[str, Any] | None:
    """What the run stored that is to go on; None where none is. Raises ``UsageError`` or ``StoreError``."""
    if resume is None:
        return None
    stored = folder.open(resume)
    try:
        return stored.facts()
    finally:
        stored.close()
