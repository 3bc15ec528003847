"""A correct agent with a language model and tools, and versions of it that bear a bad environment badly."""
