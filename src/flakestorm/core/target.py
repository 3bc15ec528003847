"""What a run is about, in words: the agent, how a request to it looks, and what is left out."""

from __future__ import annotations

from flakestorm.core.config import FlakeStormConfig


def describe_target(config: FlakeStormConfig) -> str:
    """The agent's address, or its command line."""
    agent = config.agent
    return agent.endpoint or " ".join(agent.command_line)


def unused_parts(config: FlakeStormConfig) -> list[str]:
    """A sentence for each section that loads and validates, but is not part of a mutation run."""
    present = {
        "chaos": config.chaos is not None,
        "chaos_matrix": bool(config.chaos_matrix),
        "contract": config.contract is not None,
        "replays": config.replays is not None,
    }
    return [
        f"The section '{name}' is not run: this version runs mutations only."
        for name, given in present.items()
        if given
    ]
