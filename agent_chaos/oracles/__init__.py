"""Rules that judge a trial, one file each. Pure: they know a run by its trace alone.

A module in this folder that exports `ORACLE` is an oracle; there is no other registration.
"""
