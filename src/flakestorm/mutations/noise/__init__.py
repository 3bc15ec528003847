"""Slips and scars of text: typing errors, scanning errors, spelling, casing, punctuation and white space."""

from __future__ import annotations

from flakestorm.mutations.noise import (  # noqa: F401 - imported for their operators
    casing,
    characters,
    foreign,
    keyboard,
    punctuation,
    whitespace,
    words,
)
