"""Importing this module registers every operator that flakestorm brings along."""

from __future__ import annotations

from flakestorm.mutations import (  # noqa: F401 - imported for their operators
    context_manipulation,
    custom,
    encoding_attacks,
    length_extremes,
    noise,
    paraphrase,
    prompt_injection,
    tone_shift,
)
