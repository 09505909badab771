"""Recordings: the first, more branches of it."""
