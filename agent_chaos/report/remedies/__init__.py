"""Fixes: what an agent's author changes so that a kind of failure stops. One file each, in the folder of what it changes; see `remedy.py`."""
