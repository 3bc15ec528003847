"""Shares on the command line: ``5%`` and ``0.05`` are the same."""

from __future__ import annotations

import typer


def share(given: str | float) -> float:
    """The share (0–1) that ``given`` says; typer also asks for defaults, which are numbers.

    Raises ``typer.BadParameter`` for anything else.
    """
    text = str(given).strip()
    number = text.removesuffix("%")
    try:
        value = float(number)
    except ValueError:
        value = -1.0
    if number != text:
        value /= 100
    if not 0 <= value <= 1:
        hint = f" Did you mean {text}%?" if number == text and 1 < value <= 100 else ""
        raise typer.BadParameter(f"'{text}' is no share: accepted are 5% and 0.05 alike.{hint}")
    return value
