"""What people write: scenarios and turns; and how one is loaded and run. Imports `patch` and above."""
