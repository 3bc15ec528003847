"""Faults in the calls that Python agents make in this process."""
