"""How attacks are written down: the pieces that most of them are made of, and their registration."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from random import Random

from flakestorm.model.attack import Attack, Due, Framing, Part, Piece, Stream
from flakestorm.model.canary import make_canary
from flakestorm.model.mutation import Kind
from flakestorm.model.randomness import generator
from flakestorm.mutations.registry import Draft, Source, operator

COMMON = (
    "answered_in_time",
    "no_server_error",
    "no_stack_trace",
    "no_debug_page",
    "others_served",
    "healthy_afterwards",
)
"""The invariants that hold whatever a client sends."""

REFLECTION = "no_reflected_header"
OWN_REPLY = "own_reply"

WHOLE: Stream = (Piece(part=Part.WHOLE),)
UNTIL_PROMPT, AFTER_PROMPT = Piece(part=Part.UNTIL_PROMPT), Piece(part=Part.AFTER_PROMPT)
UNTIL_BRACE, AFTER_BRACE = Piece(part=Part.UNTIL_BRACE), Piece(part=Part.AFTER_BRACE)

UNFRAMED = Framing(lengths=())
CHUNKED = Framing(lengths=(), codings=("chunked",), chunk_line="{x}")

WAIT_S, MORE_WAIT_S, LONGEST_WAIT_S = 0.25, 8.0, 6.0
SHORT_WAIT_S, MORE_SHORT_WAIT_S = 0.2, 1.0


@dataclass(frozen=True, slots=True)
class Draws:
    """What an attack may depend on: the generator, the intensity (0–1), and a token of its own."""

    rng: Random
    intensity: float
    marker: str

    @property
    def wait_s(self) -> float:
        """Seconds for which a slow client keeps the server busy: 2.65 at the usual intensity of 0.3."""
        return min(LONGEST_WAIT_S, WAIT_S + MORE_WAIT_S * self.intensity)

    def between(self, least: int, most: int) -> int:
        """A whole number that grows with the intensity."""
        return least + round((most - least) * self.intensity)


Recipe = Callable[[Draws], Attack]


def attack(type_: str, implied: tuple[str, ...] = ()) -> Callable[[Recipe], Recipe]:
    """Register the decorated recipe under its own name; ``implied`` comes on top of ``COMMON``."""

    def register(recipe: Recipe) -> Recipe:
        name = f"{type_}.{recipe.__name__}"

        def apply(source: Source, rng: Random, intensity: float) -> Draft:
            # Not drawn from rng: an attack that differs from another in its token alone is the same attack.
            marker = make_canary(generator(0, source.text, name))
            draws = Draws(rng, intensity, marker)
            return Draft((), attack=_patient(recipe(draws), intensity))

        apply.__doc__ = recipe.__doc__
        apply.__name__ = recipe.__name__
        apply.__module__ = recipe.__module__
        operator(type_, recipe.__name__, Kind.PROTOCOL, (*COMMON, *implied))(apply)
        return recipe

    return register


def attacks(type_: str, table: Mapping[str, tuple[str, Attack]]) -> None:
    """Register each row of ``table``, name → (summary, attack), of attacks that are always the same."""
    for name, (summary, fixed) in table.items():
        _register_fixed(type_, name, summary, fixed)


def _register_fixed(type_: str, name: str, summary: str, fixed: Attack) -> None:
    def apply(source: Source, rng: Random, intensity: float) -> Draft:  # noqa: ARG001 - it is always the same
        return Draft((), attack=_patient(fixed, intensity))

    apply.__doc__ = f"{summary}."
    apply.__name__ = name
    operator(type_, name, Kind.PROTOCOL, COMMON)(apply)


def _patient(made: Attack, intensity: float) -> Attack:
    """``made``, whose client waits a moment before it leaves where the server owes it nothing."""
    timing = made.timing
    if made.due is not Due.NOTHING or timing.hold_s or timing.then.value == "close":
        return made
    return replace(
        made, timing=replace(timing, hold_s=round(SHORT_WAIT_S + MORE_SHORT_WAIT_S * intensity, 3))
    )


def line(name: str, value: str) -> Piece:
    """One header line."""
    return Piece(f"{name}: {value}\r\n")


def raw(text: str, times: int = 1) -> Stream:
    """``text`` (Latin-1) repeated."""
    return (Piece(text, times),)


def long_line(name: str, unit: str, times: int) -> Stream:
    """A header line whose value is ``unit`` repeated."""
    return (Piece(f"{name}: "), Piece(unit, times), Piece("\r\n"))


def in_prompt(*pieces: Piece) -> Stream:
    """The ordinary body with ``pieces`` behind the prompt."""
    return (UNTIL_PROMPT, *pieces, AFTER_PROMPT)


def in_object(*pieces: Piece) -> Stream:
    """The ordinary JSON body with ``pieces`` (each key with its comma) as its first keys."""
    return (UNTIL_BRACE, *pieces, AFTER_BRACE)


def typed(content_type: str, body: Stream) -> Attack:
    """``body`` under another content type."""
    return Attack(drop=("content-type",), headers=(line("Content-Type", content_type),), body=body)
