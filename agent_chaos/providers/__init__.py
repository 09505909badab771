"""The wire APIs, one file each, named for the protocol. Pure; imports `stream` and `errors` only.

A file in this folder that exports `PROTOCOL` is a protocol; there is no other registration.
"""
