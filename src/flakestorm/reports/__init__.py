"""A finished run as documents: one format per file."""
