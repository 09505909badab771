"""The catalogue of faults and oracles as pages and tables."""
