"""Comparing what a provider reports with what the ledger and the orders say: plain Python, no record."""
