"""Rules that judge a trial, one file each. Imports `core` and above; never `patch` or `scenario`.

A module in this folder that exports `ORACLE` is an oracle; there is no other registration.
"""
