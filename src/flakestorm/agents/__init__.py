"""Trials to replies: one kind of agent per file."""
