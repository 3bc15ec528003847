"""Doubles for tests of agents: an LLM whose every answer is written in a script."""

from __future__ import annotations

from flakestorm.testing.script import Failure, Message, Reply, Rule, Script, Tool, ToolCall
from flakestorm.testing.scripted_llm import Received, ScriptedLLM

__all__ = ["Failure", "Message", "Received", "Reply", "Rule", "Script", "ScriptedLLM", "Tool", "ToolCall"]
