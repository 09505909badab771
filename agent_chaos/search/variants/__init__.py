"""The view of 0.1.3 on a search: `fuzz_chaos`, its spaces and configurations."""
