"""Looking for failures and making them small. Imports `scenario` and above."""
