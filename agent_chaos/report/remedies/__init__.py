"""Fixes: what an agent's author changes so that a kind of failure stops. One file each; see `remedy.py`."""
