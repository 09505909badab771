"""What several oracles read in a trace."""
