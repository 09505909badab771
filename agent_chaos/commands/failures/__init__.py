"""The commands about failures that were found: show, accept, export; and where they are stored."""
