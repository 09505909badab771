"""Answers requests from a cassette: (request, plan) -> reply, with fidelity kept. Pure."""
