"""Attacks on the protocol: bytes as they are written in the recipe, on sockets that nothing else touches."""
