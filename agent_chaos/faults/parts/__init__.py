"""What several faults share: positions, error bodies, arguments."""
