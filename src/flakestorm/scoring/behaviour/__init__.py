"""What the calls of a trial say about the agent's behaviour; docs/behaviour.md has every definition."""
