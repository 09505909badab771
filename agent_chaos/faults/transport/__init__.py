"""Faults of the connection, the status and the body of a reply, one file each."""
