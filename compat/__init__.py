"""Whether agents of current frameworks work unchanged, each in an environment of its own: `python -m compat`."""
