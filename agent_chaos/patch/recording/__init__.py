"""Recording through vcrpy, chunk by chunk."""
