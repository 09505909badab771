"""What reports have in common: the figures, groups, differences and timelines they show, ready to be laid out."""
