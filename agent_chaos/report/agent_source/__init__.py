"""What the agent's own source says around a line: names of its client and replies, and the value that a line missed."""
