# What the extension offers. Each function has a twin in Python of the same name and the same results; its
# docstring stands there.

from collections.abc import Callable, Sequence
from typing import Protocol, final

class _Plain(Protocol):
    def __getitem__(self, code: int, /) -> str: ...

__version__: str

@final
class CanarySearch:
    def __new__(cls, plain: _Plain, entity: Callable[[str], str]) -> CanarySearch: ...
    def spans(self, reply: str, core: str) -> list[tuple[int, int, str]]: ...

def bootstrap_ratios(
    tops: list[float], bottoms: list[float], units: list[int], resamples: int, seed: int
) -> list[float]: ...

@final
class PatternEngine:
    def __new__(
        cls, rows: Sequence[tuple[str, Sequence[str], Sequence[str], int, bool]]
    ) -> PatternEngine: ...
    def find(self, text: str) -> list[tuple[int, int, int]]: ...
