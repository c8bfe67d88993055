"""Simulators of payment providers, for tests and development; no product code imports them."""
