"""One run of an agent under a plan. Imports what is above it; a live client is touched through `patch` alone."""
