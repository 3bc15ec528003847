"""The embedded sample agent and the run that shows flakestorm at work."""
