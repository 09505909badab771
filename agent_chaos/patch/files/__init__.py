"""The throw-away copy of files: what a run writes is kept beside the real files, and forgotten when the run is over."""
