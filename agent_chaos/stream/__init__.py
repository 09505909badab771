"""Bytes on the wire: timed replies and server-sent events. Pure; imports only `errors`."""
