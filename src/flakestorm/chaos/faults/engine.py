"""Decides for each call of a trial which faults fire: with the same seed the same, in any order of calls."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timezone

from flakestorm.chaos.config import Faults
from flakestorm.chaos.effect import NOTHING, Effect
from flakestorm.chaos.faults.composition import composed
from flakestorm.chaos.faults.memory import Memory
from flakestorm.chaos.faults.part import Decision, Occasion, Part
from flakestorm.chaos.faults.rules import Rule, rules_of
from flakestorm.chaos.faults.watch import Changes
from flakestorm.chaos.request import CallRequest
from flakestorm.model.canary import leak_probe, planted_canary
from flakestorm.model.randomness import draw, generator

UNCHANGED = "there was nothing that it could change"


def _utc_now() -> datetime:
    return datetime.now(timezone.utc)


class FaultEngine:
    """The faults of a scenario for one trial; implements ``traffic.Faulty``.

    ``canary`` is the token that injected instructions ask for: in a reply it proves obedience. ``probe`` is a
    token in the errors that are made up here: in a reply it proves that an upstream's error text leaked.
    Both belong to the trial. ``now`` is asked only for the dates in rate-limit headers.
    """

    def __init__(
        self, faults: Faults, seed: int, trial_id: str, now: Callable[[], datetime] = _utc_now
    ) -> None:
        self.canary = planted_canary(seed, trial_id)
        self.probe = leak_probe(seed, trial_id)
        self._seed = seed
        self._trial_id = trial_id
        self._now = now
        self._rules = rules_of(faults)
        self._memory = Memory() if any(rule.needs_earlier for rule in self._rules) else None
        self._open: dict[int, _Open] = {}

    def effect(self, request: CallRequest) -> Effect:
        """What happens to this call. Once per call, in order of arrival, one thread at a time."""
        call = _Open(f"{request.kind} {request.name}")
        for place, rule in enumerate(self._rules):
            if rule.matches(request):
                call.add(place, rule, self._decided(place, rule, request, call.key))
        call.settle()
        for place, _, _ in call.parts:
            self._rules[place].counts.begin(call.key)
        effect = call.effect(request.stream)
        if self._memory is not None:
            effect = self._memory.watching(effect, request)
        if call.parts:
            call.decided = effect
            self._open[id(effect)] = call
        return effect

    def ended(self, effect: Effect) -> Effect | None:
        """The call is over: what really came of ``effect``; None when nothing was to come of it."""
        call = self._open.pop(id(effect), None)
        if call is None:
            return None
        for place, came_true in call.came_true():
            self._rules[place].counts.end(call.key, came_true)
        return call.result()

    def _decided(self, place: int, rule: Rule, request: CallRequest, key: str) -> Decision:
        occurrence = rule.counts.occurrence(key)
        what = f"{place} {rule.name}|{key}"
        unmet = rule.conditions.unmet(
            occurrence,
            rule.counts.fired(key),
            rule.counts.active,
            lambda: draw(self._seed, self._trial_id, what, occurrence),
        )
        if unmet:
            return unmet
        rng = generator(self._seed, self._trial_id, f"{what}|how", occurrence)
        earlier = self._memory.earlier(request) if self._memory is not None else ()
        return rule.decide(Occasion(request, rng, self.canary, self.probe, self._now(), occurrence, earlier))


class _Open:
    """A call under way: the parts that its effect is made of, and which of them changed something."""

    def __init__(self, key: str) -> None:
        self.key = key
        self.parts: list[tuple[int, str, Part]] = []
        self.decided: Effect = NOTHING
        self._held: list[str] = []
        self._changes = Changes()
        self._final = ""

    def add(self, place: int, rule: Rule, decision: Decision) -> None:
        """What the rule at ``place`` decided. The first final part wins; only delays come beside it."""
        if isinstance(decision, str):
            self._held.append(f"{rule.name}: {decision}")
        elif self._final and (decision.is_final or decision.is_editing or decision.framing):
            self._held.append(f"{rule.name}: {self._final} came first")
        else:
            self.parts.append((place, rule.name, decision))
            self._final = self._final or (rule.name if decision.is_final else "")

    def settle(self) -> None:
        """Leave out what a later final part makes impossible: there is nothing that could be changed."""
        if not self._final:
            return
        spoiled = [
            entry
            for entry in self.parts
            if (entry[2].is_editing or entry[2].framing) and not entry[2].is_final
        ]
        for entry in spoiled:
            self.parts.remove(entry)
            self._held.append(f"{entry[1]}: {self._final} left nothing to change")

    def effect(self, is_stream: bool) -> Effect:
        """All parts together."""
        if not self.parts:
            return Effect(held=tuple(self._held)) if self._held else NOTHING
        return composed(self.parts, self._held, self._changes, is_stream)

    def came_true(self) -> Iterator[tuple[int, bool]]:
        """(place, whether it did anything) of each part."""
        for place, _, part in self.parts:
            yield place, not part.is_editing or place in self._changes.places

    def result(self) -> Effect:
        """The effect with what came true."""
        true = {place for place, did in self.came_true() if did}
        vain = [f"{name}: {UNCHANGED}" for place, name, _ in self.parts if place not in true]
        fired = tuple(name for place, name, _ in self.parts if place in true)
        return replace(self.decided, fired=fired, held=(*self.decided.held, *vain))
