"""Runs of scenarios with their own chaos and assertions, and how they are told."""
