"""Importing this module registers every kind of agent that comes with flakestorm."""

from flakestorm.agents import command, http, langchain, openai, python

__all__ = ["command", "http", "langchain", "openai", "python"]
