"""Chat clients for LLM-made mutations and judges."""
