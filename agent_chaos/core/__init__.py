"""One run: clock, context, trace, fidelity. Imports what is above it; never `patch`, never a live client."""
