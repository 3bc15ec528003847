"""A sample agent with honest weaknesses, so that flakestorm can be tried before one's own agent is ready."""
