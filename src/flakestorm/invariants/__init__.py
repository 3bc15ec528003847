"""Outcomes to verdicts: one rule per file."""
