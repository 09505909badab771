"""The contract of faults, plans of them, and their catalogue; a folder for each level. Pure."""
