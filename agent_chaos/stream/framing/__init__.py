"""How messages of a stream are told apart in its bytes: one framing a file. Pure."""
