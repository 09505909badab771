"""What people and programs read of a campaign. Never runs a trial."""
