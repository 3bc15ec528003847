"""Shows that there is something without showing it: reports are read by more people than replies."""

from __future__ import annotations


def mask(kind: str, value: str) -> str:
    """``value`` beyond recognition: ``j***@e***.com`` for an address, else its first and last letters."""
    if kind == "email":
        local, _, domain = value.rpartition("@")
        name, _, ending = domain.rpartition(".")
        return f"{local[:1]}***@{name[:1]}***.{ending}"
    plain = "".join(filter(str.isalnum, value))
    return f"{plain[:1]}***{plain[-1:]}" if len(plain) > 4 else "***"
