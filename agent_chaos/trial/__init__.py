"""One run of an agent under a plan. A live client is touched through `patch` alone."""
