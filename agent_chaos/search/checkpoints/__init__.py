"""What a campaign has run, on disk: to go on with it, and to join the shards of one."""
