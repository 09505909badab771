"""Bridges to other libraries, each imported by those who use it; a member imports its library only when it is called."""
