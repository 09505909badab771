"""Faults of the frames of a streamed reply, one file each."""
