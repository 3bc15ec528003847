"""Streamed answers changed event by event while they pass."""
