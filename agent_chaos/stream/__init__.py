"""Bytes on the wire: timed replies and server-sent events. Pure, and the first of all rooms: it imports none of the others."""
