"""Replay below each HTTP library."""
