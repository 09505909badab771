"""Fixes of how tools are run, and of what the model is told of them. One file each; see `remedy.py`."""
