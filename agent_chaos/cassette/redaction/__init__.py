"""What must not reach the disk, and its removal."""
