"""Verdicts to numbers: pure functions, no I/O."""
