"""Importing this module registers every operator that flakestorm brings along."""

from __future__ import annotations

from flakestorm.mutations import (  # noqa: F401 - imported for their operators
    advanced_jailbreak,
    context_manipulation,
    context_pasted,
    custom,
    encoding_attacks,
    format_poisoning,
    language_mixing,
    length_extremes,
    multi_turn_attack,
    noise,
    paraphrase,
    prompt_injection,
    protocol,
    resource_exhaustion,
    semantic_similarity_attack,
    temporal_attack,
    token_manipulation,
    token_manipulation_smuggling,
    tone_shift,
)
