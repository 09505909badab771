"""Faults of the result of a tool, one file each."""
