"""Golden prompts to mutations: one family of operators per file."""
