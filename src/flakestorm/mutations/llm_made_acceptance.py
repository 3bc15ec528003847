"""Which of the texts that a language model wrote are mutations of the golden prompt."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from flakestorm.model.mutation import Kind
from flakestorm.mutations.protected import protected_spans

_NUMBERS = re.compile(r"\d+")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_REFUSAL = re.compile(
    r"(i(['’]m| am) (sorry|unable|not able)\b.{0,20}\b(but|to) (i|assist|help|comply|fulfil|provide|write)"
    r"|i (can(no|['’])?t|won['’]t|will not) (assist|help|comply|fulfil|provide|create|generate|write)"
    r"|as an? (ai|language model|assistant)\b"
    r"|(sure|certainly|of course)[,!.:] here)",
    re.IGNORECASE,
)
"""How answers begin that are about the task instead of being a version."""
GROWTH, SHRINKAGE, ALLOWANCE = 4, 5, 200
"""A version is at most 4 times as long as the prompt and 200 characters, and at least a fifth of it."""


def accepted(prompt: str, written: Iterable[str], kind: Kind) -> tuple[str, ...]:
    """The usable ones of ``written``, each once, in their order.

    Dropped are: the prompt itself, refusals, what is much too long or too short, and what lost one of the
    prompt's protected values (numbers, addresses, quotations, code) or, where the meaning must be kept, came
    up with another number.
    """
    seen = {_collapsed(prompt)}
    protected = Counter(prompt[start:end] for start, end in protected_spans(prompt))
    numbers = Counter(_NUMBERS.findall(prompt))
    kept = []
    for text in written:
        version = text.strip()
        key = _collapsed(version)
        if key in seen or not _plausible(version, prompt):
            continue
        if any(version.count(value) < times for value, times in protected.items()):
            continue
        if kind is Kind.PRESERVES_MEANING and Counter(_NUMBERS.findall(version)) - numbers:
            continue
        seen.add(key)
        kept.append(version)
    return tuple(kept)


def _plausible(version: str, prompt: str) -> bool:
    if not len(prompt) / SHRINKAGE <= len(version) <= GROWTH * len(prompt) + ALLOWANCE or not version:
        return False
    if _CONTROL.search(version) and not _CONTROL.search(prompt):
        return False
    return not _REFUSAL.match(version) or _REFUSAL.match(prompt) is not None


def _collapsed(text: str) -> str:
    # Case is kept: shouting is a tone.
    return " ".join(text.split())
