"""What happened in a trial, as values; read by oracles, search and report."""
