"""Fixes as the frameworks write them: one module each."""
