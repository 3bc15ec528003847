"""Importing this module registers every kind of agent that comes with flakestorm."""

from flakestorm.agents import http, openai

__all__ = ["http", "openai"]
