"""The commands that show what there is: faults, oracles, and what the words of a report mean."""
