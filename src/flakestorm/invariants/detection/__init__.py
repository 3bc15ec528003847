"""The pattern engine: one table of patterns, found in text by compiled code or by its Python twin."""
