"""Failures that are kept: stored, accepted, checked again, exported as tests."""
