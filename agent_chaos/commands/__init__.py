"""The bodies of the commands, one file each. Each returns an exit code; `cli` declares them."""
