"""Fixes of how a reply is read. One file each; see `remedy.py`."""
