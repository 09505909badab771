"""The wire APIs, one folder each, named for the protocol. Pure; imports `stream` and `errors` only.

A folder that exports `PROTOCOL` is a protocol; there is no other registration. `parts/` holds what several of them share.
"""
