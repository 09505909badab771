"""The wire APIs, one folder each, named for the protocol. Pure; of the other rooms it imports `stream` alone.

A folder that exports `PROTOCOL` is a protocol; there is no other registration. `parts/` holds what several of them share.
"""
