"""The virtual clock: sleeps, event loops, threads, stops."""
