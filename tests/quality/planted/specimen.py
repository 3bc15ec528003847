"""A specimen: an agent whose only defect is known, with the configuration that its user would write."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, TypeVar

Rules = tuple[dict[str, Any], ...]
F = TypeVar("F", bound=Callable[..., Any])

BASICS: Rules = (
    {"type": "completes"},
    {"type": "output_not_empty"},
    {"type": "latency", "max_ms": 500},
    {"type": "excludes_pii"},
)
"""What every user asks for, whatever the agent is."""


class Profile(str, Enum):
    """Which mutation types the user has switched on."""

    DEFAULT = "default"
    """Nothing configured: the types that flakestorm takes by itself."""
    ALL_TEXT = "all text"
    """Every type that changes the text."""
    PROTOCOL = "protocol"
    """The types that disturb the HTTP request."""


@dataclass(frozen=True)
class Specimen:
    """An agent to examine.

    ``target`` is a function, or a class of which every run makes a new object. ``defect`` says what is
    wrong; it is empty for a correct agent. ``twin`` is the same agent without the defect: where both reply
    alike, a failure is not the defect's doing. ``profile`` is the smallest one that speaks of the defect.
    ``noisy`` marks a defect that shows without any disturbance, now and then, so that the control arm is
    not clean either.
    """

    name: str
    defect: str
    target: Callable[..., Any]
    prompts: tuple[str, ...]
    rules: Rules
    profile: Profile = Profile.DEFAULT
    twin: Callable[[str], str] | None = None
    noisy: bool = False


@dataclass
class Family:
    """A correct agent and the defective versions of it. ``specimens`` fills up as they are defined.

    ``name`` is the correct agent's; without one its function's.
    """

    correct: Callable[[str], str]
    prompts: tuple[str, ...]
    rules: Rules
    name: str = ""
    specimens: list[Specimen] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.rules = (*BASICS, *self.rules)
        self.specimens.append(
            Specimen(self.name or self.correct.__name__, "", self.correct, self.prompts, self.rules)
        )

    def defect(
        self,
        profile: Profile = Profile.DEFAULT,
        twin: Callable[[str], str] | None = None,
        rules: Rules = (),
        noisy: bool = False,
    ) -> Callable[[F], F]:
        """Adds the decorated agent; its docstring says what is wrong. ``rules`` are added to the family's."""

        def add(target: F) -> F:
            stateful = isinstance(target, type)
            reference = twin or (None if stateful else self.correct)
            self.specimens.append(
                Specimen(
                    target.__name__,
                    (target.__doc__ or "").strip().rstrip("."),
                    target,
                    self.prompts,
                    (*self.rules, *rules),
                    profile,
                    reference,
                    noisy,
                )
            )
            return target

        return add
