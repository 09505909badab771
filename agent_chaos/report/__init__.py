"""What people and programs read of a campaign. Imports `search` and above; never runs a trial."""
