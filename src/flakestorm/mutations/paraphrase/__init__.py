"""The same request in other words; what was asked stays exactly the same."""

from __future__ import annotations

from flakestorm.mutations.paraphrase import (  # noqa: F401 - imported for their operators
    clauses,
    contractions,
    numbers,
    requests,
    spelling,
    synonyms,
)
