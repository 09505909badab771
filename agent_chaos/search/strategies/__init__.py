"""Ways of choosing the plans to run: each is asked for plans, and told what came of them (`strategy.py`)."""
