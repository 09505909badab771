"""A recording served over HTTP on this machine, for agents that are started elsewhere."""
