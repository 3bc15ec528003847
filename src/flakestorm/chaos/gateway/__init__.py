"""The environment, disturbed on the wire: a proxy between the agent and what it calls, in any language."""
