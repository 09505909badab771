"""Replies over a real socket on 127.0.0.1, for programs that this process cannot patch."""
