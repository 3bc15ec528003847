"""A cassette during a run: plays the calls of each trial, and keeps those that it does not have."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from enum import Enum
from pathlib import Path
from threading import Lock

from flakestorm.model.errors import UsageError
from flakestorm.replay.canonical import canonical_text, key_of, loosely
from flakestorm.replay.cassette_file import (
    MAKE_ANOTHER,
    CassetteFile,
    Head,
    check_writable,
    read_cassette,
    write_cassette,
)
from flakestorm.replay.hushing import Hush
from flakestorm.replay.journal import Journal
from flakestorm.replay.misses import explained
from flakestorm.replay.recorded_call import Answered, Asked, Entry
from flakestorm.version import __version__

_LLM = '"kind":"llm"'


class Mode(str, Enum):
    """What a cassette is for."""

    ONCE = "once"
    """Play the file where there is one, else record it."""
    NEW = "new"
    """Play what is there, record what is not."""
    ALL = "all"
    """Record everything anew."""
    NONE = "none"
    """Play only."""


class NotInCassette(Exception):
    """A call that must not be made is not recorded."""


@dataclass
class Count:
    """What came of the calls: ``played``, of these ``loosely`` (apart from dates and random ids), missed."""

    played: int = 0
    loosely: int = 0
    missed: int = 0


class Cassette:
    """The cassette at ``path`` in one run. Safe to use from several threads.

    ``secrets`` must not land in it. ``speed`` says how fast answers come: 1 as recorded, 2 twice as fast, 0
    at once. Raises ``UsageError`` where there is nothing to play, or no place to record.
    """

    def __init__(
        self,
        path: Path,
        mode: Mode = Mode.ONCE,
        secrets: Iterable[str] = (),
        speed: float = 0.0,
        agent: str = "",
    ) -> None:
        self.path = path
        self.count = Count()
        self._hush = Hush(secrets)
        self._speed = speed
        self._agent = agent
        self._lock = Lock()
        self._taken: dict[str, list[Take]] = {}
        self._by_trial: dict[tuple[str, str], list[Answered]] = {}
        self._by_key: dict[str, list[Answered]] = {}
        self._loose: dict[str, str] | None = None
        there = path.exists()
        self.records = mode in (Mode.ALL, Mode.NEW) or (mode is Mode.ONCE and not there)
        if mode is Mode.NONE and not there:
            raise UsageError(f"there is no cassette {path} to play. {MAKE_ANOTHER.format(path=path)}")
        self.file = (
            read_cassette(path) if there and mode is not Mode.ALL else CassetteFile(Head("", ""), (), "")
        )
        self._journal = Journal(path, self._head())
        self.recovered = 0
        if self.records:
            check_writable(path)
            self._recover(mode)
        self.plays = bool(self.file.digest or self.recovered)
        self._index(self.file.entries)

    @property
    def digest(self) -> str:
        """That of the file that is played; "" where none is."""
        return self.file.digest

    def take(self, trial: str) -> Take:
        """The calls of one attempt at ``trial``, from the first."""
        made = Take(self, trial)
        if self.records:
            with self._lock:
                self._taken.setdefault(trial, []).append(made)
        return made

    def kept(self) -> list[Entry]:
        """What was recorded, without secrets; of each trial the last attempt that made calls."""
        entries: list[Entry] = []
        for takes in self._taken.values():
            last = next((take for take in reversed(takes) if take.recorded), None)
            # A secret may have become known after the call.
            entries += map(self._hushed, last.recorded if last is not None else ())
        return entries

    def keep(self, entry: Entry) -> Entry:
        """``entry`` without secrets; from now on not even a kill loses it."""
        clean = self._hushed(entry)
        self._journal.add(clean)
        return clean

    def write(self) -> Written | None:
        """Put what was recorded into the file, after what it had; None where nothing was to be recorded."""
        if not self.records:
            return None
        kept = self.kept()
        if not kept and not self.plays:
            return Written((), 0, "")
        digest = write_cassette(self.path, self._head(), (*self.file.entries, *kept))
        self._journal.remove()
        return Written(tuple(kept), self._hush.count, digest)

    def asked(self, asked: Asked) -> str:
        """The canonical text of a call, without secrets."""
        self._hush.learn(asked)
        return self._hush.json(canonical_text(asked))

    def find(self, trial: str, text: str, occurrence: int) -> Answered | None:
        """The answer to the call ``text``; None where it may be made. Raises ``NotInCassette``."""
        key = key_of(text)
        found = self._by_trial.get((trial, key)) or self._by_key.get(key)
        with self._lock:
            if found is None and self.plays:
                found = self._found_loosely(text)
                self.count.loosely += found is not None
            if found is not None:
                self.count.played += 1
                return found[min(occurrence, len(found) - 1)]
            if self.records:
                return None
            self.count.missed += 1
        where = f" ({self.path}; --cassette-mode new records what is missing)"
        raise NotInCassette(explained(text, (entry.request for entry in self.file.entries)) + where)

    def _head(self) -> Head:
        now = datetime.now(timezone.utc).isoformat(timespec="seconds")
        return Head(now, f"flakestorm {__version__}", self._hush.text(self._agent))

    def _hushed(self, entry: Entry) -> Entry:
        text = self._hush.json(entry.request)
        return replace(entry, key=key_of(text), request=text, answer=self._hush.answer(entry.answer))

    def _recover(self, mode: Mode) -> None:
        """Take over what a recording that was killed left, unless everything is recorded anew."""
        if mode is Mode.ALL:
            self._journal.remove()
            return
        written = {entry.place for entry in self.file.entries}
        left = tuple(entry for entry in self._journal.left() if entry.place not in written)
        self.recovered = len(left)
        self.file = replace(self.file, entries=(*self.file.entries, *left))

    def _index(self, entries: Sequence[Entry]) -> None:
        first: dict[str, str] = {}
        for entry in sorted(entries, key=lambda entry: entry.occurrence):
            self._by_trial.setdefault((entry.trial, entry.key), []).append(self._paced(entry.answer))
            first.setdefault(entry.key, entry.trial)
        for key, trial in first.items():
            self._by_key[key] = self._by_trial[trial, key]

    def _found_loosely(self, text: str) -> list[Answered] | None:
        """A language model is asked about today; tomorrow's question is the same but for the date."""
        if _LLM not in text:
            return None
        if self._loose is None:
            self._loose = {}
            for entry in self.file.entries:
                if _LLM in entry.request:
                    self._loose.setdefault(loosely(entry.request), entry.key)
        key = self._loose.get(loosely(text))
        return None if key is None else self._by_key[key]

    def _paced(self, answered: Answered) -> Answered:
        if self._speed == 1:
            return answered
        factor = 1 / self._speed if self._speed else 0.0
        chunks = tuple((at_ms * factor, data) for at_ms, data in answered.chunks)
        return replace(answered, latency_ms=answered.latency_ms * factor, chunks=chunks)


@dataclass(frozen=True, slots=True)
class Written:
    """What ``Cassette.write`` wrote anew; out of ``hushed`` texts secrets were blotted."""

    entries: tuple[Entry, ...]
    hushed: int
    digest: str

    @property
    def kinds(self) -> Counter[str]:
        """How many calls there are of each kind."""
        return Counter(str(json.loads(entry.request)["kind"]) for entry in self.entries)


class Take:
    """One attempt at a trial: counts equal calls, because a cassette may have several answers to them."""

    def __init__(self, cassette: Cassette, trial: str) -> None:
        self.recorded: list[Entry] = []
        self._cassette = cassette
        self._trial = trial
        self._seen: Counter[str] = Counter()

    def answer(self, asked: Asked) -> Answered | None:
        """The recorded answer; None where the call is to be made, and to be recorded by ``begin``."""
        text = self._cassette.asked(asked)
        occurrence = self._seen[text]
        self._seen[text] += 1
        return self._cassette.find(self._trial, text, occurrence)

    def begin(self, asked: Asked) -> Callable[[Answered], None]:
        """The call, for which ``answer`` had nothing, is made; what is returned takes what came."""
        text = self._cassette.asked(asked)
        occurrence = self._seen[text] - 1

        def keep(answered: Answered) -> None:
            self.recorded.append(
                self._cassette.keep(Entry(key_of(text), self._trial, occurrence, text, answered))
            )

        return keep
