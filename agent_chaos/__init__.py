"""Record an LLM agent once, break it ten thousand ways offline, get the smallest failing fault sequence."""

__version__ = "0.2.0"
