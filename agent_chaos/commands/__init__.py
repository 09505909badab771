"""The bodies of the commands, one file each. Imports everything below `cli`; each returns an exit code."""
