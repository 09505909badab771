"""A corpus of small agents on the real SDKs, each with one planted bug, and of sound ones, to compare searches on."""
