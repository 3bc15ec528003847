"""The environment of the agent, disturbed."""
