"""Pages about runs, in the browser: read from the folder that runs and campaigns leave behind, and from nowhere else."""
