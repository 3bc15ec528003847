"""When a fault fires: its conditions, and the counts that they look at."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from flakestorm.chaos.config import Fault


@dataclass(frozen=True, slots=True)
class Conditions:
    """Every condition that is given must hold. Occurrences count from 1."""

    probability: float = 1.0
    after_calls: int | None = None
    on_calls: tuple[int, ...] | None = None
    every: int | None = None
    times: int | None = None
    max_active: int | None = None

    @classmethod
    def of(cls, fault: Fault) -> Conditions:
        """The conditions of a configured fault."""
        return cls(
            fault.probability, fault.after_calls, fault.on_calls, fault.every, fault.times, fault.max_active
        )

    def unmet(self, occurrence: int, fired: int, active: int, draw: Callable[[], float]) -> str:
        """Which condition does not hold for this occurrence, in words; "" when the fault fires.

        ``fired`` is how often it fired before on calls with the same match key, ``active`` how many calls it
        disturbs at the moment; ``draw`` gives a number in [0, 1), and is asked only where it decides.
        """
        if self.after_calls is not None and occurrence <= self.after_calls:
            return f"call {occurrence} is not after {self.after_calls} calls"
        if self.on_calls is not None and occurrence not in self.on_calls:
            return f"call {occurrence} is not among on_calls {', '.join(map(str, self.on_calls))}"
        if self.every is not None and occurrence % self.every:
            return f"call {occurrence} is not one of every {self.every}"
        if self.times is not None and fired >= self.times:
            return f"it fired {self.times} times already"
        if self.max_active is not None and active >= self.max_active:
            return f"{active} calls are disturbed at the moment"
        if self.probability < 1:
            drawn = draw()
            if drawn >= self.probability:
                return f"probability {self.probability:g}, drawn {drawn:.3f}"
        return ""


class Counts:
    """What one fault did so far in a trial.

    Calls are counted for each match key (kind and name) apart, so that the order in which calls of other
    tools or models arrive changes nothing.
    """

    def __init__(self) -> None:
        self.active = 0
        self._seen: Counter[str] = Counter()
        self._fired: Counter[str] = Counter()

    def occurrence(self, key: str) -> int:
        """Count a matching call: its number, from 1."""
        self._seen[key] += 1
        return self._seen[key]

    def fired(self, key: str) -> int:
        """How often the fault fired on calls with ``key``, those still open included."""
        return self._fired[key]

    def begin(self, key: str) -> None:
        """The fault fires on a call."""
        self.active += 1
        self._fired[key] += 1

    def end(self, key: str, came_true: bool) -> None:
        """The call is over; a fault that changed nothing did not fire after all."""
        self.active -= 1
        if not came_true:
            self._fired[key] -= 1
