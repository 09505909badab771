"""A credential that is nobody's, planted where real ones leak from; an oracle that meets it knows what it sees."""

CANARY = "canary-9f3c1d7ab25e4086"
DSN = f"postgresql://shop:{CANARY}@db.internal:5432/orders"
"""A connection string, as database drivers put them into their messages."""
