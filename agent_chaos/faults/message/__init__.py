"""Faults of the decoded model turn, rendered again by its protocol, one file each."""
