"""How severities look in a terminal."""

from __future__ import annotations

from flakestorm.model.verdict import Severity

SEVERITY_STYLE = {
    Severity.CRITICAL: "bold red",
    Severity.HIGH: "red",
    Severity.MEDIUM: "yellow",
    Severity.LOW: "blue",
}
