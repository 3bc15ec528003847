"""Times for people."""

from __future__ import annotations


def milliseconds(value: float) -> str:
    """``0.4 ms``, ``412 ms``, ``3.2 s``, ``2.1 min``."""
    if value < 10:
        return f"{value:.1f} ms"
    if value < 999.5:
        return f"{value:.0f} ms"
    return f"{value / 1000:.1f} s" if value < 100_000 else f"{value / 60_000:.1f} min"
