"""Fixes of how a model is asked: limits, deadlines, retries. One file each; see `remedy.py`."""
