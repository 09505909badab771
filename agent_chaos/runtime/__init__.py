"""The state of the run in this process: session, clock, tape, jobs."""
