"""One file per command on cassettes."""
