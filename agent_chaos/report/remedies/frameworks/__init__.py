"""Fixes as the frameworks write them: framework.py is the contract, every other module one framework."""
