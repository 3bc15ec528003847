"""The faults of a scenario at work: which of them fire on a call, and what they do to it."""
