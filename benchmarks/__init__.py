"""Measurements of agent-chaos; each module is run by itself."""
