"""Recorded traffic and sessions, played back."""
